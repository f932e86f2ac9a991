-- The reader of MIDI files.

local bench = require("bench")
local equal, near, says, test, files = bench.equal, bench.near, bench.says, bench.test, bench.files

bench.start()
local midi_file = require("backbeat.midi_file")

local function chunk(name, data)
  return name .. (">I4"):pack(#data) .. data
end

local function file(division, ...)
  local chunks = table.concat({ ... })
  local _, tracks = chunks:gsub("MTrk", "")
  return chunk("MThd", (">I2I2I2"):pack(1, tracks, division)) .. chunks
end

local END = "\0\xFF\x2F\0"

test("notes with their times, sorted", function()
  local notes = assert(midi_file.notes(files.midi({
    { time_s = 0.0, pitch = 36, velocity = 1 }, { time_s = 0.0, pitch = 38, velocity = 127 },
    { time_s = 61.5, pitch = 42, velocity = 64 },
  }, 96)))
  equal({ #notes, notes[1].pitch, notes[2].pitch, notes[2].velocity }, { 3, 36, 38, 127 })
  near(notes[3].time_s, 61.5, 1e-3)
  assert(notes[3].end_s > notes[3].time_s)
end)

test("several tracks, running status, note-on with velocity 0, system and other messages, unknown chunks", function()
  -- 120 BPM, and 60 from tick 480 on
  local tempo = chunk("MTrk", "\0\xFF\x51\3\x07\xA1\x20" .. "\x83\x60\xFF\x51\3\x0F\x42\x40" .. END)
  local notes = chunk("MTrk", "\0\xFF\3\4Drum" .. "\0\xF0\2\1\xF7" .. "\0\xB9\7\100" .. "\0\xC9\0"
    .. "\0\x99\x24\x64" .. "\x60\x24\0" .. "\x83\0\x26\x50" .. "\x60\x89\x26\0" .. END)
  local found = assert(midi_file.notes(file(480, tempo, chunk("XXXX", "abc"), notes)))
  equal(#found, 2)
  near(found[1].time_s, 0)
  near(found[1].end_s, 0.1)
  near(found[2].time_s, 0.5)
  near(found[2].end_s, 0.7)
end)

test("a file without notes has none", function()
  equal(midi_file.notes(file(960, chunk("MTrk", END))), {})
end)

test("what is no MIDI file, or half of one, is refused", function()
  local whole = files.midi({ { time_s = 1.0, pitch = 36, velocity = 100 } }, 120)
  for cut = 0, #whole - 1 do assert(midi_file.notes(whole:sub(1, cut)) == nil, cut) end
  local _, why = midi_file.notes(file(0xE728, chunk("MTrk", END)))
  says(why, "quarter note")
  assert(midi_file.notes(file(480, chunk("MTrk", "\0\x24\x64" .. END))) == nil)
  assert(midi_file.notes(file(480, chunk("MTrk", "\xFF\xFF\xFF\xFF\xFF\x99\x24\x64"))) == nil)
end)

test("a WAV file is whole when its header agrees with its length; silence is nothing but zeros", function()
  local wav = require("backbeat.wav")
  local path = os.getenv("TEST_SCRATCH") .. "/sound.wav"
  local sound = files.wav(1.5)
  files.write(path, sound)
  local header = wav.header(path)
  near(header.seconds, 1.5)
  equal(wav.is_silent(path, header), false)
  files.write(path, files.wav(1.5, true))
  equal(wav.is_silent(path, wav.header(path)), true)
  for _, bytes in ipairs({ "", "RIFF", sound:sub(1, 40), sound:sub(1, -2), "ID3" .. sound }) do
    files.write(path, bytes)
    equal(wav.header(path), nil)
  end
  os.remove(path)
  equal(wav.header(path), nil)
end)

bench.run()
