-- The action "Transcribe selected items".

local bench = require("bench")
local model, equal, near, says, test = bench.model, bench.equal, bench.near, bench.says, bench.test

local ACTION = "Transcribe selected items"

local function one_item(world, fields)
  local track = model.track(world.project, { name = "Kit" })
  return track, model.item(track, 10, 4, fields or { selected = true, name = "groove" })
end

test("the notes come onto a new track below, on the audio, by project seconds", function()
  local world = bench.start()
  one_item(world)
  model.track(world.project, { name = "Bass" })
  local before = bench.kept(world.project)
  bench.press(ACTION)
  world:go_on()
  equal(#world.messages, 0)
  local names = {}
  for n, track in ipairs(world.project.tracks) do names[n] = track.name end
  equal(names, { "Kit", "Kit drums", "Bass" })
  local items = bench.midi_items(world.project.tracks[2])
  equal(#items, 1)
  near(items[1].start_s, 10)
  near(items[1].length_s, 4)
  equal(items[1].name, "groove drums")
  local placed = {}
  for n, note in ipairs(items[1].notes) do placed[n] = { note.from, note.channel, note.pitch, note.velocity } end
  equal(placed, { { 0.0, 9, 36, 100 }, { 960.0, 9, 38, 90 }, { 1920.0, 9, 36, 80 }, { 2880.0, 9, 38, 127 } })
  bench.assert_tidy(world, before)
end)

test("all of it is one undo step, and undoing it leaves the project as it was", function()
  local world = bench.start()
  one_item(world)
  local before = model.state(world.project)
  bench.press(ACTION)
  world:go_on()
  equal(#world.undo, 1)
  says(world.undo[1].name, "Backbeat")
  reaper.Undo_DoUndo2(0)
  local after = model.state(world.project)
  equal(#after.tracks, 1)
  local kit = world.project.tracks[1]
  equal({ after.of[kit].names, after.of[kit].ext, #after.of[kit].items }, { before.of[kit].names, before.of[kit].ext, 1 })
end)

test("the notes stay on the audio in a project whose tempo changes", function()
  local world = bench.start()
  one_item(world)
  world.project.tempo = { { time_s = 11.0, bpm = 60.0, beats = 4, unit = 4 } }
  bench.press(ACTION)
  world:go_on()
  local notes = bench.midi_items(world.project.tracks[2])[1].notes
  local ticks = {}
  for n, note in ipairs(notes) do ticks[n] = note.from end
  equal(ticks, { 0.0, 960.0, 1920.0, 2400.0 })
end)

test("REAPER renders just that item, with its take effects, into the inbox; no tail, no dither, no second format", function()
  local world = bench.start()
  local track, item = one_item(world)
  local other = model.item(track, 20, 4, { name = "other" })
  local seen
  local render = world.render
  world.render = function(target)
    seen = { it = target.it, render = {}, texts = {} }
    for name, value in pairs(world.project.render) do seen.render[name] = value end
    for name, text in pairs(world.project.render_texts) do seen.texts[name] = text end
    render(target)
  end
  bench.press(ACTION)
  world:go_on()
  assert(seen.it == item and seen.it ~= other)
  equal(seen.render.RENDER_SETTINGS, 32.0)
  equal(seen.render.RENDER_BOUNDSFLAG, 4.0)
  equal(seen.render.RENDER_TAILFLAG, 0.0)
  equal(seen.render.RENDER_DITHER, 0.0)
  equal(seen.render.RENDER_ADDTOPROJ, 0.0)
  equal(seen.render.RENDER_NORMALIZE, 0.0)
  equal(seen.texts.RENDER_FILE, world.daemon.inbox)
  equal(seen.texts.RENDER_FORMAT, "ZXZhdxgAAAA=")
  equal(seen.texts.RENDER_FORMAT2, "")
end)

test("the path that is sent is the one that REAPER names, whatever the pattern would make of it", function()
  local world = bench.start()
  one_item(world)
  local plain = world.targets
  world.targets = function(project)
    local found = plain(project)
    for _, target in ipairs(found) do target.path = target.path:gsub("%.wav$", "-glued.wav") end
    return found
  end
  bench.press(ACTION)
  world:go_on()
  says(world.daemon.jobs[1].recording, "-glued.wav")
  equal(#bench.midi_items(world.project.tracks[2]), 1)
end)

test("several items are rendered one by one, done at once, and put on one track", function()
  local world = bench.start()
  local track = one_item(world)
  model.item(track, 20, 2, { selected = true, name = "fill" })
  model.item(track, 30, 4, { name = "not selected" })
  local before = bench.kept(world.project)
  bench.press(ACTION)
  world:go_on()
  equal(#world.daemon.jobs, 2)
  equal(#world.project.tracks, 2)
  local items = bench.midi_items(world.project.tracks[2])
  near(items[1].start_s, 10)
  near(items[2].start_s, 20)
  near(items[2].length_s, 2)
  equal(#world.undo, 1)
  bench.assert_tidy(world, before)
end)

test("items on two tracks get a drum track each", function()
  local world = bench.start()
  one_item(world)
  model.item(model.track(world.project, { name = "Overheads" }), 10, 4, { selected = true })
  bench.press(ACTION)
  world:go_on()
  local names = {}
  for n, each in ipairs(world.project.tracks) do names[n] = each.name end
  equal(names, { "Kit", "Kit drums", "Overheads", "Overheads drums" })
end)

test("only the active take is heard, or each take onto a track of its own", function()
  for setting, tracks in pairs({ active = 2, all = 4 }) do
    local world = bench.start()
    local _, item = one_item(world)
    local second = model.take(item, { name = "second" })
    model.take(item, { name = "third" })
    model.take(item, { name = "notes", midi = true })
    item.active = second
    bench.set("takes", setting)
    local before = bench.kept(world.project)
    local heard = {}
    local render = world.render
    world.render = function(target)
      heard[#heard + 1] = target.take.name
      render(target)
    end
    bench.press(ACTION)
    world:go_on()
    equal(heard, setting == "all" and { "second", "groove", "third" } or { "second" })
    equal(#world.project.tracks, tracks)
    bench.assert_tidy(world, before)
  end
end)

test("a selected drum track takes the notes", function()
  local world = bench.start()
  one_item(world)
  model.track(world.project, { name = "Notes", selected = true })
  local drums = model.track(world.project, { name = "Drums", plugin = "VST3i: Some Drums (Maker)", selected = true })
  bench.press(ACTION)
  world:go_on()
  equal(#world.project.tracks, 3)
  equal(#bench.midi_items(drums), 1)
end)

test("with the setting 'new' there is a new track although a drum track is selected", function()
  local world = bench.start()
  one_item(world)
  local drums = model.track(world.project, { name = "Drums", plugin = "VST3i: Some Drums (Maker)", selected = true })
  bench.set("target", "new")
  bench.press(ACTION)
  world:go_on()
  equal(#bench.midi_items(drums), 0)
  equal(#world.project.tracks, 3)
end)

test("the new track comes after a folder's children, not among them", function()
  local world = bench.start()
  local bus = model.track(world.project, { name = "Bus", folder = 1 })
  model.track(world.project, { name = "Close", folder = 1 })
  model.track(world.project, { name = "Snare", folder = -2 })
  model.track(world.project, { name = "Bass" })
  model.item(bus, 0, 4, { selected = true })
  bench.press(ACTION)
  world:go_on()
  equal(world.project.tracks[4].name, "Bus drums")
end)

test("a second run replaces its own earlier result, also where it was moved to another track", function()
  local world = bench.start()
  one_item(world)
  bench.press(ACTION)
  world:go_on()
  local old, elsewhere = world.project.tracks[2].items[1], model.track(world.project, { name = "My drums" })
  model.delete_item(old)
  old.track = elsewhere
  elsewhere.items[1] = old
  world.daemon.notes = { { time_s = 0.25, pitch = 42, velocity = 60 } }
  bench.press(ACTION)
  world:go_on()
  equal(#world.project.tracks, 3)
  assert(not model.is_alive(old))
  local items = bench.midi_items(elsewhere)
  equal(#items, 1)
  equal(items[1].notes[1].pitch, 42)
end)

test("a second run leaves alone what the user copied or made", function()
  local world = bench.start()
  local track = one_item(world)
  bench.press(ACTION)
  world:go_on()
  local drums = world.project.tracks[2]
  local copy = model.item(drums, 40, 4, { midi = true, name = "copy" })
  copy.ext["P_EXT:backbeat"] = drums.items[1].ext["P_EXT:backbeat"]
  local mine = model.item(drums, 10, 4, { midi = true, name = "mine" })
  local broken = model.item(track, 50, 1, { midi = true })
  broken.ext["P_EXT:backbeat"] = "{not json"
  bench.press(ACTION)
  world:go_on()
  for _, item in ipairs({ copy, mine, broken }) do assert(model.is_alive(item)) end
  equal(#bench.midi_items(drums), 3)
end)

test("an item that was moved or trimmed at its front meanwhile gets its notes where the sound is now", function()
  local world = bench.start()
  local _, item = one_item(world)
  bench.press(ACTION)
  item.values.D_POSITION = 31.0
  item.active.offset_s = 1.0
  world:go_on()
  near(bench.midi_items(world.project.tracks[2])[1].start_s, 30)
end)

test("notes past the item's end are left out and the last one ends with it", function()
  local world = bench.start()
  one_item(world)
  world.daemon.notes = {
    { time_s = 3.999, pitch = 36, velocity = 1 }, { time_s = 4.0, pitch = 36, velocity = 9 },
    { time_s = 5, pitch = 36, velocity = 9 },
  }
  bench.press(ACTION)
  world:go_on()
  local notes = bench.midi_items(world.project.tracks[2])[1].notes
  equal(#notes, 1)
  assert(notes[1].to > notes[1].from)
end)

test("what is only on the way is removed from the inbox, the results stay", function()
  local world = bench.start()
  one_item(world)
  bench.press(ACTION)
  world:go_on()
  local names = bench.inbox(world)
  equal(#names, 2)
  says(names[1], ".drums.json")
  says(names[2], ".drums.mid")
end)

test("the rendered audio stays where the user wants it", function()
  local world = bench.start()
  one_item(world)
  bench.set("keep", "yes")
  bench.press(ACTION)
  world:go_on()
  local names = table.concat(bench.inbox(world), " ")
  says(names, ".wav")
  says(names, ".backbeat.json")
end)

test("the project's tempo and the user's options go beside the render", function()
  local world = bench.start()
  one_item(world)
  world.project.bpm = 96.5
  bench.set("options", "sensitivity=60, hihat=70; lead-in=3 ;quantize=50")
  bench.press(ACTION)
  world:go_on()
  equal(world.daemon.jobs[1].sidecar, { host_bpm = 96.5, lead_in = 0, quantize = "50", sensitivity = "60, hihat=70" })
end)

test("a meter other than 4/4 was chosen by somebody and is told; a tempo that changes within the item is not", function()
  local world = bench.start()
  one_item(world)
  world.project.beats, world.project.unit = 7, 8
  bench.press(ACTION)
  world:go_on()
  equal(world.daemon.jobs[1].sidecar.meter, "7/8")
  world = bench.start()
  one_item(world)
  world.project.tempo = { { time_s = 12.0, bpm = 60.0, beats = 3, unit = 4 } }
  bench.press(ACTION)
  world:go_on()
  equal(world.daemon.jobs[1].sidecar, { lead_in = 0 })
end)

test("the daemon's warnings are in REAPER's console", function()
  local world = bench.start()
  one_item(world)
  world.daemon.warnings = { "The tempo is a guess." }
  bench.press(ACTION)
  world:go_on()
  says(world.console, "groove: The tempo is a guess.")
end)

test("how long each stage took is remembered for whoever asks", function()
  local world = bench.start()
  one_item(world)
  bench.press(ACTION)
  world:go_on()
  local report = require("backbeat.json").decode(reaper.GetExtState("backbeat", "last_run"))
  local times = report[1].times
  assert(times.rendered <= times.sent and times.sent <= times.accepted and times.accepted <= times.done)
  assert(times.done <= times.inserted_at)
  equal({ report[1].send, report[1].notes }, { "command", 4 })
end)

bench.run()
