// A stand-in for Max's [js] object and Live's API: runs a device's script under node, one step after the other.
//
//   node max_stand_in.js SCRIPT < scenario.json > outcome.json
//
// scenario: {"set": {...}, "steps": [["bang"], ["message", name, args ...], ["wait", ms], ["change", path, property, value] ...]}
// The set is a tree: lists (tracks, clip_slots) and objects with properties; "selected" is the path of the selected clip and
// "device_track" that of the track the device is on. outcome: {"out": [[outlet, args ...] ...], "set": {...}, "calls": [...]}.
//
// It keeps to what Cycling '74 documents: get() answers with a list, a path that leads nowhere has the id 0, notes are added to
// a clip that exists and have pitch 0..127 and a duration above 0, ends may not come before beginnings, unknown names throw.
"use strict";

const fs = require("fs");
const vm = require("vm");

const scenario = JSON.parse(fs.readFileSync(0, "utf8"));
const set = scenario.set;
const out = [];
const calls = [];
const timers = [];
let now = 0;

const FUNCTIONS = {
    clip_slot: {
        create_clip(slot, path, length) {
            if (slot.clip) { throw new Error("the slot has a clip"); }
            if (!(length > 0)) { throw new Error("a clip needs a length"); }
            slot.clip = {
                name: "", length, loop_start: 0, loop_end: length, start_marker: 0, end_marker: length, looping: 1,
                is_audio_clip: 0, notes: []
            };
        },
    },
    clip: {
        remove_notes_extended(clip, path, pitch, pitches, start, span) {
            clip.notes = clip.notes.filter((note) => !(
                note.pitch >= pitch && note.pitch < pitch + pitches && note.start_time >= start && note.start_time < start + span));
        },
        add_new_notes(clip, path, dictionary) {
            for (const note of dictionary.notes) {
                if (!Number.isInteger(note.pitch) || note.pitch < 0 || note.pitch > 127) { throw new Error("no pitch"); }
                if (!(note.duration > 0) || !(note.velocity >= 1 && note.velocity <= 127)) { throw new Error("no note"); }
                if (!Number.isFinite(note.start_time)) { throw new Error("no start"); }
                clip.notes.push({ ...note });
            }
        },
    },
};

const ORDERED = { loop_start: "loop_end", loop_end: "loop_start", start_marker: "end_marker", end_marker: "start_marker" };

function resolve(path) {
    const full = path.replace(/^live_set view detail_clip/, set.selected || "nowhere")
        .replace(/^this_device canonical_parent/, set.device_track);
    let here = set;
    for (const part of full.split(" ").slice(1)) {
        here = here === undefined || here === null ? undefined : here[part];
    }
    return { full, object: full.startsWith("live_set") && here !== null ? here : undefined };
}

class LiveAPI {
    constructor(path) {
        const { full, object } = resolve(path);
        this.object = object;
        this.id = object === undefined ? "0" : String(1 + full.length);
        this.unquotedpath = object === undefined ? "" : full;
        this.path = `"${this.unquotedpath}"`;
        this.kind = / clip$/.test(full) ? "clip" : / clip_slots \d+$/.test(full) ? "clip_slot" : "other";
    }
    get(property) {
        if (this.object === undefined) { return [0]; }
        if (this.kind === "clip_slot" && property === "has_clip") { return [this.object.clip ? 1 : 0]; }
        if (!(property in this.object)) { throw new Error(`no property ${property}`); }
        const value = this.object[property];
        return scenario.cut_texts && typeof value === "string" ? value.split(" ") : [value];
    }
    set(property, value) {
        calls.push(["set", this.unquotedpath, property, value]);
        if (this.object === undefined || !(property in this.object)) { throw new Error(`no property ${property}`); }
        const other = ORDERED[property];
        const after = { ...this.object, [property]: value };
        const [start, end] = /start/.test(property) ? [after[property], after[other]] : [after[other], after[property]];
        if (other && !(start < end)) { throw new Error(`${property} ${value} does not fit`); }
        this.object[property] = value;
    }
    call(name, ...args) {
        calls.push(["call", this.unquotedpath, name]);
        if (this.object === undefined || !(this.kind in FUNCTIONS) || !(name in FUNCTIONS[this.kind])) {
            throw new Error(`no function ${name}`);
        }
        return FUNCTIONS[this.kind][name](this.object, this.unquotedpath, ...args);
    }
    getcount(name) { return this.object[name].length; }
}

class MaxFile {
    constructor(path) {
        this.isopen = fs.existsSync(path) ? 1 : 0;
        this.data = this.isopen ? fs.readFileSync(path) : Buffer.alloc(0);
        this.position = 0;
    }
    get eof() { return this.data.length; }
    readbytes(count) {
        const part = this.data.subarray(this.position, this.position + count);
        this.position += part.length;
        return Array.from(part);
    }
    close() { this.isopen = 0; }
}

class Task {
    constructor(action, self) { this.action = action.bind(self); timers.push(this); }
    schedule(ms) { this.due = now + ms; }
    cancel() { this.due = undefined; }
}

const world = { LiveAPI, File: MaxFile, Task, JSON, Math, Number, String, RegExp, Error, arrayfromargs: (args) => Array.from(args) };
world.outlet = (...args) => { out.push(args); };
world.post = () => undefined;
vm.createContext(world);
vm.runInContext(fs.readFileSync(process.argv[2], "utf8"), world, { filename: process.argv[2] });

function message(name, args) {
    world.messagename = name;
    const handler = typeof world[name] === "function" ? world[name] : world.anything;
    handler.apply(world, args);
}

for (const [kind, ...rest] of scenario.steps) {
    if (kind === "bang") { message("bang", []); }
    else if (kind === "message") { message(rest[0], rest.slice(1)); }
    else if (kind === "change") { resolve(rest[0]).object[rest[1]] = rest[2]; }
    else if (kind === "wait") {
        now += rest[0];
        for (const task of timers.filter((one) => one.due <= now)) { task.due = undefined; task.action(); }
    } else { throw new Error(`unknown step ${kind}`); }
}
process.stdout.write(JSON.stringify({ out, set, calls }));
