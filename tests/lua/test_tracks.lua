-- The actions on selected tracks: within the time selection, and whole stems.

local bench = require("bench")
local model, equal, near, says, test = bench.model, bench.equal, bench.near, bench.says, bench.test

local SELECTION, STEMS = "Transcribe time selection of selected tracks", "Transcribe stems of selected tracks"

local function two_tracks(world)
  local kit = model.track(world.project, { name = "Kit", selected = true })
  model.item(kit, 0, 30)
  local bass = model.track(world.project, { name = "Bass" })
  model.item(bass, 0, 60)
  return kit, bass
end

-- What each render was of: the track's name, its stretch.
local function watch_renders(world)
  local seen, render = {}, world.render
  world.render = function(target)
    seen[#seen + 1] = { target.it.name, target.start_s, target.end_s, world.project.render.RENDER_SETTINGS }
    render(target)
  end
  return seen
end

test("the selected track is rendered within the time selection, and the notes lie there", function()
  local world = bench.start()
  two_tracks(world)
  world.project.selection = { 8.0, 12.0 }
  local before, seen = bench.kept(world.project), watch_renders(world)
  bench.press(SELECTION)
  world:go_on()
  equal(seen, { { "Kit", 8.0, 12.0, 2.0 } })
  equal(world.project.tracks[2].name, "Kit drums")
  near(bench.midi_items(world.project.tracks[2])[1].start_s, 8)
  bench.assert_tidy(world, before)
end)

test("without a time selection or a selected track the user is told", function()
  local world = bench.start()
  two_tracks(world)
  bench.press(SELECTION)
  says(world.messages[1].text, "There is no time selection")
  world.project.selection = { 1.0, 2.0 }
  world.project.tracks[1].selected = nil
  bench.press(SELECTION)
  says(world.messages[2].text, "No track is selected")
  equal(#world.deferred, 0)
end)

test("stems are rendered from the project's beginning to its end, each by itself, also when the master is selected", function()
  local world = bench.start()
  local _, bass = two_tracks(world)
  bass.selected = true
  world.project.master.selected = true
  local before, seen = bench.kept(world.project), watch_renders(world)
  bench.press(STEMS)
  world:go_on()
  equal(seen, { { "Kit", 0.0, 60.0, 2.0 }, { "Bass", 0.0, 60.0, 2.0 } })
  local names = {}
  for n, track in ipairs(world.project.tracks) do names[n] = track.name end
  equal(names, { "Kit", "Kit drums", "Bass", "Bass drums" })
  equal(#world.undo, 1)
  bench.assert_tidy(world, before)
end)

test("an empty project has no stems", function()
  local world = bench.start()
  model.track(world.project, { selected = true })
  bench.press(STEMS)
  says(world.messages[1].text, "The project is empty")
end)

test("a selected track with a drum plugin takes the notes instead of being transcribed", function()
  local world = bench.start()
  two_tracks(world)
  local drums = model.track(world.project, { name = "Drums", plugin = "VST3i: Some Drums (Maker)", selected = true })
  local seen = watch_renders(world)
  bench.press(STEMS)
  world:go_on()
  equal(#seen, 1)
  equal(#bench.midi_items(drums), 1)
  equal(#world.project.tracks, 3)
end)

test("a track without a name is called by its number", function()
  local world = bench.start()
  local track = model.track(world.project, { selected = true })
  model.item(track, 0, 4)
  bench.press(STEMS)
  world:go_on()
  equal(world.project.tracks[2].name, "Track 1 drums")
end)

test("a second run replaces what lies within its time, and leaves other stretches", function()
  local world = bench.start()
  two_tracks(world)
  for _, selection in ipairs({ { 0.0, 4.0 }, { 8.0, 12.0 }, { 8.0, 12.0 } }) do
    world.project.selection = selection
    bench.press(SELECTION)
    world:go_on()
  end
  local starts = {}
  for n, item in ipairs(bench.midi_items(world.project.tracks[2])) do starts[n] = item.start_s end
  equal(starts, { 0.0, 8.0 })
  bench.press(STEMS)
  world:go_on()
  local items = bench.midi_items(world.project.tracks[2])
  equal({ #items, items[1].length_s }, { 1, 60.0 })
end)

bench.run()
