-- Tempo markers: asked for, few, and never moving what is there.

local bench = require("bench")
local model, equal, near, says, test = bench.model, bench.equal, bench.near, bench.says, bench.test

local ACTION = "Transcribe selected items"
local YES, NO = 6, 7

-- Bars of 4/4 whose lengths in seconds are given.
local function bars_of(lengths, start_s)
  local bars, at_s = {}, start_s or 0.0
  for n, length_s in ipairs(lengths) do
    bars[n] = { bar = n, time = at_s, meter = "4/4", bpm = 240 / length_s }
    at_s = at_s + length_s
  end
  return bars
end

local function one_item(bars)
  local world = bench.start()
  local kit = model.track(world.project, { name = "Kit" })
  model.item(kit, 10, 8, { selected = true, name = "groove" })
  model.item(kit, 30, 8, { name = "later" })
  world.daemon.bars, world.daemon.bpm = bars, bars[1].bpm
  return world
end

local function markers_of(world)
  local markers = {}
  for n, marker in ipairs(world.project.tempo) do
    markers[n] = { marker.time_s, math.floor(marker.bpm * 100 + 0.5) / 100, marker.beats, marker.unit }
  end
  return markers
end

test("the user is asked, and No leaves the project's tempo alone", function()
  local world = one_item(bars_of({ 2.4, 2.4 }))
  world.answers = { NO }
  bench.press(ACTION)
  world:go_on()
  equal(#world.messages, 1)
  says(world.messages[1].text, "100.0 BPM")
  equal(world.messages[1].buttons, 4)
  equal(markers_of(world), {})
  equal(#bench.midi_items(world.project.tracks[2]), 1)
end)

test("Yes: one marker for a steady tempo, and what comes after keeps its own", function()
  local world = one_item(bars_of({ 2.4, 2.4, 2.4 }, 0.5))
  world.answers = { YES }
  bench.press(ACTION)
  world:go_on()
  equal(markers_of(world), { { 10.5, 100.0, 4, 4 }, { 18.0, 120.0, 4, 4 } })
  equal(#world.undo, 1)
  near(bench.midi_items(world.project.tracks[2])[1].start_s, 10)
end)

test("the items' timebase is as before", function()
  local world = one_item(bars_of({ 2.4, 2.4 }))
  world.project.tracks[1].items[2].values.C_BEATATTACHMODE = 1.0
  world.answers = { YES }
  bench.press(ACTION)
  world:go_on()
  equal(world.project.tracks[1].items[1].values.C_BEATATTACHMODE, -1.0)
  equal(world.project.tracks[1].items[2].values.C_BEATATTACHMODE, 1.0)
end)

test("a tempo that wanders gets as many markers as keep every bar line within 10 ms", function()
  local lengths = { 2.0, 2.002, 1.998, 2.4, 2.4, 2.0 }
  local world = one_item(bars_of(lengths))
  local markers = require("backbeat.tempo_map").markers(bars_of(lengths))
  equal(#markers, 3)
  equal({ markers[1].bpm, markers[2].bpm, markers[3].bpm }, { 120.0, 100.0, 120.0 })
  near(markers[2].time_s, 6.0)
  world.answers = { NO }
  bench.press(ACTION)
  world:go_on()
  says(world.messages[1].text, "3 tempo markers")
end)

test("a change of meter gets a marker, a pickup none", function()
  bench.start()
  local bars = {
    { bar = 0, time = 0.0, meter = "4/4", bpm = 120.0 }, { bar = 1, time = 0.5, meter = "4/4", bpm = 120.0 },
    { bar = 2, time = 2.5, meter = "7/8", bpm = 120.0 },
  }
  equal(require("backbeat.tempo_map").markers(bars), {
    { time_s = 0.5, bpm = 120.0, beats = 4, unit = 4 }, { time_s = 2.5, bpm = 120.0, beats = 7, unit = 8 },
  })
end)

test("nobody is asked when the project has that tempo already, or the second time", function()
  local world = one_item(bars_of({ 2.0, 2.0 }))
  bench.press(ACTION)
  world:go_on()
  equal(world.messages, {})
  world = one_item(bars_of({ 2.4, 2.4 }))
  world.answers = { YES }
  for _ = 1, 2 do
    bench.press(ACTION)
    world:go_on()
  end
  equal(#world.messages, 1)
end)

test("other markers of a recording replace its earlier ones", function()
  local world = one_item(bars_of({ 2.4, 2.4 }))
  world.answers = { YES, YES }
  bench.press(ACTION)
  world:go_on()
  world.daemon.bars = bars_of({ 2.2, 2.2 })
  bench.press(ACTION)
  world:go_on()
  equal(markers_of(world), { { 10.0, 109.09, 4, 4 }, { 18.0, 120.0, 4, 4 } })
end)

test("nobody is asked for several items, an unsure tempo, or where the setting says never", function()
  local world = one_item(bars_of({ 2.4 }))
  world.project.tracks[1].items[2].selected = true
  bench.press(ACTION)
  world:go_on()
  equal(world.messages, {})
  world = one_item(bars_of({ 2.4 }))
  world.daemon.unreliable = true
  bench.press(ACTION)
  world:go_on()
  equal(world.messages, {})
  world = one_item(bars_of({ 2.4 }))
  bench.set("tempo", "never")
  bench.press(ACTION)
  world:go_on()
  equal(world.messages, {})
end)

bench.run()
