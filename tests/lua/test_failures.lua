-- What can go wrong: the user is told what to do, and nothing is left half done.

local bench = require("bench")
local model, equal, says, test = bench.model, bench.equal, bench.says, bench.test

local ACTION = "Transcribe selected items"

local function one_item(world)
  local track = model.track(world.project, { name = "Kit" })
  return track, model.item(track, 10, 4, { selected = true, name = "groove" })
end

-- Press the key, go on to the end; the one message has to say `pieces`, and the project to be as it was.
local function assert_told(world, ...)
  local before, state = bench.kept(world.project), model.state(world.project)
  bench.press(ACTION)
  world:go_on()
  equal(#world.messages, 1)
  for _, piece in ipairs({ ... }) do says(world.messages[1].text, piece) end
  assert(not world.messages[1].text:find("made a mistake"), world.messages[1].text)
  bench.assert_tidy(world, before)
  equal(#world.project.tracks, #state.tracks)
  equal(#world.undo, 0)
end

test("nothing is selected", function()
  assert_told(bench.start(), "No item is selected", "Select the recording")
end)

test("only MIDI, empty and tiny items are selected", function()
  local world = bench.start()
  local track = model.track(world.project)
  model.item(track, 0, 4, { selected = true, midi = true })
  model.item(track, 4, 4, { selected = true, empty = true })
  model.item(track, 8, 0.05, { selected = true })
  assert_told(world, "no sound to transcribe")
end)

test("the daemon is not running: how to start it", function()
  local world = bench.start()
  one_item(world)
  world.daemon.runs = false
  assert_told(world, "daemon is not running", "backbeat run")
  equal(bench.inbox(world), {})
end)

test("one message for three items when the daemon is not running", function()
  local world = bench.start()
  local track = one_item(world)
  model.item(track, 20, 4, { selected = true, name = "second" })
  model.item(track, 30, 4, { selected = true, name = "third" })
  world.daemon.runs = false
  assert_told(world, "daemon is not running")
  local _, times = world.messages[1].text:gsub("not running", "")
  equal(times, 1)
end)

test("there is no backbeat command", function()
  local world = bench.start()
  one_item(world)
  world.daemon.is_missing = true
  assert_told(world, "could not be started", "Backbeat_Settings", "which backbeat")
end)

test("the command starts no more although it did before", function()
  local world = bench.start()
  one_item(world)
  world.daemon.command_works = false
  assert_told(world, "did not start", "Settings")
end)

test("nothing is rendered: the user has pressed Cancel in REAPER's dialog", function()
  local world = bench.start()
  one_item(world)
  world.render = function() end
  assert_told(world, "Nothing was rendered of groove")
  equal(#world.daemon.jobs, 0)
end)

test("the render was stopped in the middle", function()
  local world = bench.start()
  one_item(world)
  world.render = function(target) bench.files.write(target.path, bench.files.wav(2)) end
  assert_told(world, "2.0 seconds of groove instead of 4.0")
  equal(bench.inbox(world), {})
end)

test("the render is silent", function()
  local world = bench.start()
  one_item(world)
  world.render = function(target) bench.files.write(target.path, bench.files.wav(4, true)) end
  assert_told(world, "groove is silent", "muted")
  equal(#world.daemon.jobs, 0)
end)

test("REAPER fails while it renders: every setting is put back", function()
  local world = bench.start()
  one_item(world)
  world.render = function() require("backbeat.problem").raise("The disk is full.") end
  assert_told(world, "The disk is full.")
end)

test("REAPER would write no file, or several", function()
  for count, piece in pairs({ [0] = "0 files", [3] = "3 files" }) do
    local world = bench.start()
    one_item(world)
    local plain = world.targets
    world.targets = function(project)
      local found, one = {}, plain(project)[1]
      for n = 1, count do found[n] = one end
      return found
    end
    assert_told(world, piece)
  end
end)

test("a file of that name is there: it is not overwritten", function()
  local world = bench.start()
  one_item(world)
  local path = world.daemon.inbox .. "/mine.wav"
  bench.files.write(path, "mine")
  world.targets = function() return { { path = path } } end
  assert_told(world, "There is a file already")
  equal(bench.files.read(path), "mine")
end)

test("a render in the background is waited for as long as it grows", function()
  local world = bench.start()
  one_item(world)
  local path, whole, written
  world.render = function(target)
    path, whole, written = target.path, bench.files.wav(4), 0
  end
  world.ticks[2] = function()
    if path and written < #whole then
      written = written + 100
      bench.files.write(path, whole:sub(1, written))
    end
  end
  bench.press(ACTION)
  world:go_on()
  equal(world.messages, {})
  equal(#bench.midi_items(world.project.tracks[2]), 1)
end)

test("a render in the background that stops growing is given up", function()
  local world = bench.start()
  one_item(world)
  world.render = function(target) bench.files.write(target.path, bench.files.wav(4):sub(1, 5000)) end
  assert_told(world, "Nothing was rendered of groove")
end)

test("the daemon refuses the file", function()
  local world = bench.start()
  one_item(world)
  world.daemon.plan = { "error" }
  assert_told(world, "refused groove", "outside the configured folders")
end)

test("after a failure the configuration is asked for again: perhaps it has changed", function()
  local world = bench.start()
  one_item(world)
  world.daemon.plan = { "error" }
  bench.press(ACTION)
  world:go_on()
  world.daemon.plan, world.daemon.inbox = { "accepted", "done" }, world.folder .. "/elsewhere"
  bench.press(ACTION)
  world:go_on()
  equal(#world.messages, 1)
  says(world.daemon.jobs[2].recording, "/elsewhere/")
end)

test("the job fails: its message is shown", function()
  local world = bench.start()
  one_item(world)
  world.daemon.plan = { "accepted", "progress", "failed" }
  assert_told(world, "groove could not be transcribed", "too short to hear a beat")
end)

test("one of two jobs fails: the other's notes come all the same", function()
  local world = bench.start()
  local track = one_item(world)
  model.item(track, 20, 4, { selected = true, name = "second" })
  world.ticks[2] = function()
    if world.daemon.jobs[1] then world.daemon.jobs[1].plan = { "accepted", "failed" } end
  end
  bench.press(ACTION)
  world:go_on()
  equal(#world.messages, 1)
  says(world.messages[1].text, "groove could not")
  local items = bench.midi_items(world.project.tracks[2])
  equal({ #items, items[1].start_s }, { 1, 20.0 })
end)

test("the daemon dies in the middle: no news for a long time ends the wait", function()
  local world = bench.start()
  one_item(world)
  world.daemon.plan = { "accepted", "progress", "hang" }
  assert_told(world, "no news of groove", "backbeat run")
end)

test("the result is there although nobody said so: it is used", function()
  local world = bench.start()
  one_item(world)
  world.daemon.plan = { "accepted", "quietly done" }
  bench.press(ACTION)
  world:go_on()
  equal(world.messages, {})
  equal(#bench.midi_items(world.project.tracks[2]), 1)
end)

test("the result cannot be read, or its MIDI file is gone", function()
  for piece, damage in pairs({
    ["cannot be read"] = function(base) bench.files.write(base .. ".drums.json", '{"half": ') end,
    ["not where it should be"] = function(base) os.remove(base .. ".drums.mid") end,
    ["The MIDI file cannot be read"] = function(base) bench.files.write(base .. ".drums.mid", "MThd and no more") end,
    ["names no MIDI file"] = function(base) bench.files.write(base .. ".drums.json", '{"outputs": {"midi": null}}') end,
  }) do
    local world = bench.start()
    one_item(world)
    local plain = world.daemon.write_result
    world.daemon.write_result = function(daemon, recording)
      plain(daemon, recording)
      damage((recording:gsub("%.wav$", "")))
    end
    assert_told(world, piece)
  end
end)

test("the project is closed meanwhile", function()
  local world = bench.start()
  one_item(world)
  bench.press(ACTION)
  world.project.closed, world.front = true, model.project()
  world:go_on()
  equal(#world.messages, 1)
  says(world.messages[1].text, "The project was closed")
  equal(#world.undo, 0)
  bench.assert_tidy(world)
end)

test("another project's tab is in front when the notes are ready: they go where they belong, and the tab stays", function()
  local world = bench.start()
  one_item(world)
  bench.press(ACTION)
  local other = model.project()
  world.front = other
  world:go_on()
  equal(world.messages, {})
  equal({ #world.project.tracks, #other.tracks }, { 2, 0 })
  assert(world.front == other)
  equal(#bench.midi_items(world.project.tracks[2]), 1)
end)

test("what the notes belong to is gone or stretched: they are not inserted, and where they are is said", function()
  for piece, happens in pairs({
    ["the item was deleted"] = function(_, item) model.delete_item(item) end,
    ["the take was deleted"] = function(_, item) item.takes[1] = model.take(item) end,
    ["the item was stretched"] = function(_, item) item.active.rate = 1.5 end,
    ["its track was deleted"] = function(track) model.delete_track(track) end,
  }) do
    local world = bench.start()
    local track, item = one_item(world)
    model.track(world.project, { name = "stays" })
    bench.press(ACTION)
    happens(track, item)
    world:go_on()
    equal(#world.messages, 1)
    says(world.messages[1].text, piece)
    says(world.messages[1].text, ".drums.mid")
    equal(#world.undo, 0)
    bench.assert_tidy(world)
  end
end)

test("the drum track is deleted meanwhile: a new one is made", function()
  local world = bench.start()
  one_item(world)
  local drums = model.track(world.project, { name = "Drums", plugin = "VST3i: Some Drums (Maker)", selected = true })
  bench.press(ACTION)
  model.delete_track(drums)
  world:go_on()
  equal(world.messages, {})
  equal(world.project.tracks[2].name, "Kit drums")
end)

test("an error while inserting leaves the project as it was, and everything put back", function()
  local world = bench.start()
  one_item(world)
  world.fail_create = true
  local before = bench.kept(world.project)
  bench.press(ACTION)
  world:go_on()
  says(world.messages[1].text, "out of memory")
  equal(#world.project.tracks, 1)
  equal(#world.undo, 0)
  bench.assert_tidy(world, before)
end)

test("a script that REAPER ends takes its job along", function()
  local world = bench.start()
  one_item(world)
  world.daemon.plan = { "accepted", "hang" }
  bench.press(ACTION)
  world:go_on(2)
  world.deferred = {}
  world.at_exit()
  equal(world.daemon.cancelled, { "job0001" })
  equal(world.messages, {})
  equal(bench.inbox(world), {})
  assert(not world.gfx.open)
end)

bench.run()
