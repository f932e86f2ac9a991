-- The stand-in for REAPER refuses what REAPER would refuse: without that, the other tests would show little.

local bench = require("bench")
local model, equal, says, test = bench.model, bench.equal, bench.says, bench.test

local function refused(piece, name, ...)
  local ok, why = pcall(function(...) return reaper[name](...) end, ...)
  assert(not ok, name .. " was taken")
  says(why, piece)
end

test("wrong types, ranges and numbers of arguments", function()
  local world = bench.start()
  local track = model.track(world.project)
  local item = model.item(track, 0, 4, { midi = true })
  refused("argument 1 has to be item", "GetActiveTake", track)
  refused("argument 2 has to be integer", "GetTrack", 0, "1")
  refused("argument 2 has to be integer", "GetTrack", 0, 0.5)
  refused("argument 1 has to be string", "file_exists", nil)
  refused("takes 0 arguments", "time_precise", 1)
  refused("argument 7 has to be integer:0-127", "MIDI_InsertNote", item.active, false, false, 0, 1, 0, 128, 64, true)
  refused("argument 8 has to be integer:1-127", "MIDI_InsertNote", item.active, false, false, 0, 1, 0, 36, 0, true)
  refused("argument 6 has to be integer:0-15", "MIDI_InsertNote", item.active, false, false, 0, 1, 16, 36, 64, true)
end)

test("functions and settings that REAPER does not have", function()
  local world = bench.start()
  refused("REAPER has no function", "InsertNote")
  refused("no such setting", "GetSetProjectInfo", world.project, "RENDER_BOUNDS", 0, false)
  refused("no such value", "GetMediaItemInfo_Value", model.item(model.track(world.project), 0, 1), "D_LENGHT")
end)

test("what was deleted or closed", function()
  local world = bench.start()
  local track = model.track(world.project)
  local item = model.item(track, 0, 4)
  local take = item.active
  model.delete_item(item)
  refused("gone", "GetActiveTake", item)
  refused("gone", "TakeIsMIDI", take)
  equal(reaper.ValidatePtr2(0, item, "MediaItem*"), false)
  world.project.closed = true
  refused("gone", "CountTracks", world.project)
  equal(reaper.ValidatePtr2(0, world.project, "ReaProject*"), false)
end)

test("changes outside of an undo step, and notes that are not sorted in one", function()
  local world = bench.start()
  local track = model.track(world.project)
  refused("outside of an undo step", "CreateNewMIDIItemInProj", track, 0, 1, false)
  refused("outside of an undo step", "InsertTrackAtIndex", 0, true)
  reaper.Undo_BeginBlock2(0)
  local item = reaper.CreateNewMIDIItemInProj(track, 0, 1, false)
  reaper.MIDI_InsertNote(reaper.GetActiveTake(item), false, false, 0, 1, 0, 36, 64, true)
  refused("MIDI_Sort was forgotten", "Undo_EndBlock2", 0, "insert", -1)
end)

test("drawing outside of the window or without one", function()
  local world = bench.start()
  assert(not pcall(gfx.rect, 0, 0, 10, 10, 1))
  gfx.init("test", 100, 100, 0)
  assert(pcall(gfx.rect, 0, 0, 100, 100, 1))
  assert(not pcall(gfx.rect, 0, 0, 101, 100, 1))
  assert(world.gfx.open)
end)

bench.run()
