// Backbeat for Ableton Live: the script inside Backbeat.amxd.
//
// "transcribe" (the button) sends the file of the clip that is selected in Live to the Backbeat daemon, over OSC through the
// patch's [udpsend] and [udpreceive]; when the job is done, its hits are written as notes into a clip on the track that this
// device is on, in the slot beside the audio clip or the next free one.
//
// It is written in the old JavaScript of Max's [js] object (ES5), so that it runs in Live 11 and 12 alike.

autowatch = 1;
inlets = 1;
outlets = 4;

var TO_DAEMON = 0;    // a list for [udpsend]: address, then arguments
var TO_STATUS = 1;    // "set" and a sentence, for the text in the device
var TO_PROGRESS = 2;  // 0 to 100, for the bar
var TO_BUTTON = 3;    // "text" and a word

var REPLY_PORT = 9754;          // of the patch's [udpreceive]
var NOTE_BEATS = 0.125;         // drums ring as long as they ring
var SAME_BEATS = 0.004;         // closer notes of one pad sound once, as the louder
var NOTES_AT_ONCE = 200;
var ANSWER_MS = 5000;           // so long the daemon may take to accept a file
var QUIET_MS = 120000;          // and so long it may say nothing about a job
var TEMPO_MAX = 400;
var READ_BYTES = 4096;
var CLIP_MARK = "Backbeat: ";   // what our clips are called; no other clip is written over

// The note map ableton-drum-rack: C1 (36) is the first pad.
var PADS = {
    kick: 36, side_stick: 37, snare: 38, tom_low: 41, hihat_closed: 42, hihat_pedal: 44, tom_mid: 45, hihat_open: 46,
    tom_high: 47, crash: 49, china: 49, splash: 49, ride: 51, ride_bell: 51
};

// The stages of a job in their order, and how the user reads them.
var STAGES = ["read", "separate", "beats", "hits", "midi", "notation"];
var STAGE_WORDS = {
    read: "reading the file", separate: "separating the drums", beats: "finding the beats", hits: "hearing the drums",
    midi: "writing the MIDI", notation: "writing the notation"
};

var asked = null;   // what was asked for: see selectedAudio
var ready = false;  // Live's API may be used
var watchdog = new Task(giveUp, this);

// What the patch sends in

// From [live.thisdevice]: from now on there is a Live.
function bang() {
    ready = true;
    status("Select an audio clip, then press Transcribe.");
    progress(0);
}

// From the button: transcribe, or, while a job runs, cancel it.
function transcribe() {
    if (!ready) {
        return;
    }
    if (asked !== null) {
        cancel();
        return;
    }
    try {
        begin(selectedAudio());
    } catch (error) {
        status(words(error));
    }
}

// From [udpreceive]: what the daemon says.
function anything() {
    var args = arrayfromargs(arguments);
    var answer = ANSWERS[messagename];
    if (asked === null || answer === undefined) {
        return;
    }
    try {
        answer.apply(null, args);
    } catch (error) {
        end(words(error));
    }
}

// The conversation with the daemon

var ANSWERS = {
    "/backbeat/accepted": function (job, path) {
        if (asked.job === null && fileName(path) === fileName(asked.path)) {  // its folder may be spelt in another way
            asked.job = String(job);
            expect(QUIET_MS);
            status("Backbeat is on it.");
        }
    },
    "/backbeat/progress": function (job, stage, fraction) {
        if (ours(job)) {
            expect(QUIET_MS);
            status("Backbeat: " + (STAGE_WORDS[stage] || stage) + " ...");
            progress(100 * (Math.max(STAGES.indexOf(stage), 0) + fraction) / STAGES.length);
        }
    },
    "/backbeat/done": function (job, midi, musicxml, pdf, json, bpm) {
        if (ours(job)) {
            var told = insert(readResult(json));
            progress(100);
            end(told + tempoRemark(bpm));
        }
    },
    "/backbeat/failed": function (job, code, sentence) {
        if (ours(job)) {
            end(sentence);
        }
    },
    "/backbeat/cancelled": function (job) {
        if (ours(job)) {
            end("Cancelled.");
        }
    },
    "/backbeat/error": function (address, sentence) {
        if (address === "/backbeat/transcribe" && asked.job === null) {
            end(sentence);
        }
    }
};

function begin(audio) {
    asked = audio;
    outlet(TO_BUTTON, "text", "Cancel");
    status("Asking Backbeat ...");
    progress(0);
    // Each time: a daemon that was started anew has forgotten us.
    outlet(TO_DAEMON, "/backbeat/subscribe", REPLY_PORT);
    outlet.apply(null, [TO_DAEMON, "/backbeat/transcribe", asked.path, "preset", "ableton-drum-rack"].concat(hostTempo()));
    expect(ANSWER_MS);
}

function cancel() {
    if (asked.job !== null) {
        outlet(TO_DAEMON, "/backbeat/cancel", asked.job);
    }
    end("Cancelled.");
}

function end(sentence) {
    watchdog.cancel();
    asked = null;
    outlet(TO_DAEMON, "/backbeat/unsubscribe", REPLY_PORT);
    outlet(TO_BUTTON, "text", "Transcribe");
    status(sentence);
}

function expect(ms) {
    watchdog.cancel();
    watchdog.schedule(ms);
}

function giveUp() {
    if (asked === null) {
        return;
    }
    end(asked.job === null
        ? "Backbeat does not answer: start it with backbeat run, and see the README."
        : "Backbeat has said nothing for two minutes: see backbeat jobs list.");
}

function ours(job) {
    return asked.job !== null && String(job) === asked.job;
}

// What is selected in Live

function selectedAudio() {
    var clip = new LiveAPI("live_set view detail_clip");
    if (!exists(clip)) {
        throw new Error("Select an audio clip first: click it once.");
    }
    if (number(clip, "is_audio_clip") !== 1) {
        throw new Error("That is a MIDI clip: select an audio clip.");
    }
    var path = text(clip, "file_path");
    if (path === "") {
        throw new Error("Live does not tell the file of that clip: save the set, or consolidate the clip.");
    }
    return {
        path: path, name: fileName(path).replace(/\.[^.]*$/, ""), job: null,
        warp: warpMarkers(clip), region: regionOf(clip), slot: slotOf(clip)
    };
}

// Which part of the file the clip plays: in beats where it is warped, in seconds where not.
function regionOf(clip) {
    return {
        inBeats: number(clip, "warping") === 1, looping: number(clip, "looping"),
        loop_start: number(clip, "loop_start"), loop_end: number(clip, "loop_end"),
        start_marker: number(clip, "start_marker"), end_marker: number(clip, "end_marker")
    };
}

// The scene that a session clip is in; -1 for a clip in the arrangement.
function slotOf(clip) {
    var match = /clip_slots (\d+)/.exec(clip.unquotedpath || clip.path);
    return match === null ? -1 : Number(match[1]);
}

// [{s, beat} ...] by time, where the clip is warped; else null. Live 11 and later tell them, as a dictionary in JSON.
function warpMarkers(clip) {
    if (number(clip, "warping") !== 1) {
        return null;
    }
    try {
        var told = JSON.parse(text(clip, "warp_markers")).warp_markers;
        var markers = [];
        for (var n = 0; n < told.length; n++) {
            markers.push({ s: Number(told[n].sample_time), beat: Number(told[n].beat_time) });
        }
        markers.sort(function (a, b) { return a.s - b.s; });
        for (n = 1; n < markers.length; n++) {
            if (!(markers[n].s > markers[n - 1].s && markers[n].beat > markers[n - 1].beat)) {
                return null;
            }
        }
        return markers.length > 1 ? markers : null;
    } catch (error) {
        return null;  // an older Live: the clip's tempo is taken for the set's
    }
}

// Seconds in the file to beats in the clip: along the warp markers, else at the set's tempo.
function beatOf(seconds, warp, bpm) {
    if (warp === null) {
        return seconds * bpm / 60;
    }
    var n = 1;
    while (n < warp.length - 1 && seconds > warp[n].s) {
        n++;
    }
    var a = warp[n - 1];
    var b = warp[n];
    return a.beat + (seconds - a.s) * (b.beat - a.beat) / (b.s - a.s);
}

// The setting that tells the daemon the tempo of the set, for its MIDI file; Live goes further up than Backbeat does.
function hostTempo() {
    var bpm = tempo();
    return bpm <= TEMPO_MAX ? ["host_bpm", bpm] : [];
}

function tempo() {
    return number(new LiveAPI("live_set"), "tempo");
}

function tempoRemark(heard) {
    var bpm = tempo();
    if (asked.warp !== null || Math.abs(heard - bpm) <= 0.005 * bpm) {
        return "";
    }
    return " The set runs at " + round(bpm) + " BPM, the recording at " + round(heard) +
        ": the notes lie on the audio, not on the grid.";
}

// Writing the clip

// What was heard, as a clip on the device's own track; returns a sentence.
function insert(result) {
    var track = new LiveAPI("this_device canonical_parent");
    if (number(track, "has_midi_input") !== 1) {
        throw new Error("Put this device on a MIDI track, before the Drum Rack.");
    }
    var bpm = tempo();
    var notes = hitsToNotes(result.hits, asked.warp, bpm);
    var length = wholeBars(beatOf(result.duration_seconds, asked.warp, bpm), notes);
    var region = regionInBeats(asked.region, bpm);
    var place = freeSlot(track, asked.slot, CLIP_MARK + asked.name);
    var slotPath = track.unquotedpath + " clip_slots " + place;
    var slot = new LiveAPI(slotPath);
    if (number(slot, "has_clip") !== 1) {
        slot.call("create_clip", length);
    }
    var clip = new LiveAPI(slotPath + " clip");
    clip.call("remove_notes_extended", 0, 128, -8192, 1000000);
    setRegion(clip, region, length);
    for (var start = 0; start < notes.length; start += NOTES_AT_ONCE) {
        clip.call("add_new_notes", { notes: notes.slice(start, start + NOTES_AT_ONCE) });
    }
    clip.set("name", CLIP_MARK + asked.name);
    return notes.length + " notes are in slot " + (place + 1) + ".";
}

function regionInBeats(region, bpm) {
    var beats = { looping: region.looping };
    var names = ["loop_start", "loop_end", "start_marker", "end_marker"];
    for (var n = 0; n < names.length; n++) {
        beats[names[n]] = region.inBeats ? region[names[n]] : region[names[n]] * bpm / 60;
    }
    return beats;
}

// The clip plays the part that the audio clip plays, so that both can be launched together. No end may come before its start.
function setRegion(clip, region, length) {
    clip.set("looping", 1);
    clip.set("loop_start", 0);
    clip.set("loop_end", Math.max(length, region.loop_end, region.end_marker));
    clip.set("end_marker", Math.max(length, region.end_marker));
    if (region.loop_end > region.loop_start && region.end_marker > region.start_marker) {
        clip.set("loop_start", region.loop_start);
        clip.set("loop_end", region.loop_end);
        clip.set("start_marker", region.start_marker);
        clip.set("end_marker", region.end_marker);
        clip.set("looping", region.looping);
    }
}

// By start; where one pad is struck twice at once, as the louder; a note ends before its pad is struck again.
function hitsToNotes(hits, warp, bpm) {
    var notes = [];
    var last = {};
    for (var n = 0; n < hits.length; n++) {
        var pitch = PADS[hits[n].instrument];
        var start = beatOf(hits[n].time, warp, bpm);
        var velocity = hits[n].midi_velocity;
        if (pitch === undefined) {
            continue;
        }
        var before = last[pitch];
        if (before !== undefined && start - before.start_time < SAME_BEATS) {
            before.velocity = Math.max(before.velocity, velocity);
            continue;
        }
        if (before !== undefined) {
            before.duration = Math.min(NOTE_BEATS, start - before.start_time);
        }
        last[pitch] = { pitch: pitch, start_time: start, duration: NOTE_BEATS, velocity: velocity };
        notes.push(last[pitch]);
    }
    return notes;
}

function wholeBars(beats, notes) {
    var set = new LiveAPI("live_set");
    var bar = number(set, "signature_numerator") * 4 / number(set, "signature_denominator");
    var end = notes.length > 0 ? Math.max(beats, notes[notes.length - 1].start_time + SAME_BEATS) : beats;
    return Math.max(Math.ceil(end / bar - 0.000001), 1) * bar;
}

// Where the clip of this name is, else the wanted slot, else the first that is free.
function freeSlot(track, wanted, name) {
    var count = track.getcount("clip_slots");
    var free = -1;
    for (var n = 0; n < count; n++) {
        var path = track.unquotedpath + " clip_slots " + n;
        if (number(new LiveAPI(path), "has_clip") !== 1) {
            if (n === wanted || free === -1) {
                free = n;
            }
        } else if (text(new LiveAPI(path + " clip"), "name") === name) {
            return n;
        }
    }
    if (free === -1) {
        throw new Error("There is no free clip slot on this track: add a scene.");
    }
    return free;
}

// Small things

// The result file, byte by byte: names in it may hold any letter, what is needed here is ASCII.
function readResult(path) {
    var file = new File(String(path).replace(/\\/g, "/"), "read");
    if (!file.isopen) {
        throw new Error("The result cannot be read: " + path);
    }
    var parts = [];
    while (file.position < file.eof) {
        var bytes = file.readbytes(READ_BYTES);
        if (!bytes || bytes.length === 0) {
            break;
        }
        parts.push(String.fromCharCode.apply(null, bytes));
    }
    file.close();
    try {
        return JSON.parse(parts.join(""));
    } catch (error) {
        throw new Error("The result is damaged: " + path);
    }
}

function exists(api) {
    return api.id !== 0 && api.id !== "0" && String(api.id) !== "id 0";
}

function number(api, property) {
    return Number([].concat(api.get(property))[0]);
}

// Max may cut a text at its spaces.
function text(api, property) {
    var value = api.get(property);
    return value === null || value === undefined ? "" : [].concat(value).join(" ");
}

function fileName(path) {
    return String(path).split(/[\/\\]/).pop();
}

function words(error) {
    return error && error.message ? error.message : String(error);
}

function round(value) {
    return Math.round(value * 10) / 10;
}

function status(sentence) {
    outlet(TO_STATUS, "set", sentence);
}

function progress(percent) {
    outlet(TO_PROGRESS, Math.round(percent));
}
