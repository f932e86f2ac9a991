-- While the daemon works: progress without blocking, and cancelling.

local bench = require("bench")
local model, equal, says, test = bench.model, bench.equal, bench.says, bench.test

local ACTION = "Transcribe selected items"

local function long_job()
  local world = bench.start()
  local track = model.track(world.project, { name = "Kit" })
  model.item(track, 10, 4, { selected = true, name = "groove" })
  world.daemon.plan = { "accepted", "progress", "hang" }
  return world
end

local function assert_cancelled(world)
  world:go_on()
  equal(world.daemon.cancelled, { "job0001" })
  equal(world.messages, {})
  equal(#world.project.tracks, 1)
  equal(bench.inbox(world), {})
  bench.assert_tidy(world)
end

test("the key press returns at once: nothing is waited for while the daemon works", function()
  local world = long_job()
  bench.press(ACTION)
  for _ = 1, 100 do
    assert(#world.deferred == 1)
    local now = world.now
    world:go_on(0.01)
    assert(world.now - now < 0.1)
  end
  for _, command in ipairs(world.commands) do
    if command.line:find('"send"') then equal(command.wait_ms, -1) end
  end
end)

test("on Windows the command's window does not open", function()
  local world = long_job()
  world.os = "Win64"
  bench.press(ACTION)
  for _, command in ipairs(world.commands) do
    if command.line:find('"send"') then equal(command.wait_ms, -2) end
  end
end)

test("the window shows what is going on", function()
  local world = long_job()
  bench.press(ACTION)
  world:go_on(2)
  says(table.concat(world.gfx.drawn, "\n"), "groove: hearing the hits")
end)

test("many items fit into the window", function()
  local world = long_job()
  for n = 1, 30 do model.item(world.project.tracks[1], 20 + 2 * n, 1, { selected = true, name = "item " .. n }) end
  world.daemon.plan = { "accepted", "done" }
  bench.press(ACTION)
  world:go_on()
  equal(#bench.midi_items(world.project.tracks[2]), 31)
end)

test("or the console does, a line for each stage", function()
  local world = long_job()
  bench.set("progress", "console")
  world.daemon.plan = { "accepted", "progress", "wait", "wait", "wait", "wait", "wait", "progress", "done" }
  bench.press(ACTION)
  world:go_on()
  local _, times = world.console:gsub("groove: hearing the hits\n", "")
  equal(times, 1)
  says(world.console, "groove: done")
end)

test("Escape in the window cancels", function()
  local world = long_job()
  bench.press(ACTION)
  world:go_on(2)
  world.gfx.keys = { 27 }
  assert_cancelled(world)
end)

test("a click on Cancel cancels, one beside it does not", function()
  local world = long_job()
  bench.press(ACTION)
  world:go_on(2)
  world.gfx.mouse_x, world.gfx.mouse_y, world.gfx.mouse_cap = 20, 20, 1
  world:go_on(2)
  equal(world.daemon.cancelled, {})
  world.gfx.mouse_x, world.gfx.mouse_y = world.gfx.w - 40, world.gfx.h - 20
  assert_cancelled(world)
end)

test("the action Cancel cancels", function()
  local world = long_job()
  bench.press(ACTION)
  world:go_on(2)
  bench.press("Cancel")
  assert_cancelled(world)
end)

test("Cancel before the daemon has answered is handed on as soon as it does", function()
  local world = long_job()
  world.daemon.plan = { "wait", "wait", "wait", "wait", "accepted", "hang" }
  bench.press(ACTION)
  world:go_on(0.01)
  bench.press("Cancel")
  assert_cancelled(world)
end)

test("a daemon that does not react to Cancel is not waited for long", function()
  local world = long_job()
  world.daemon.ignores_cancel = true
  bench.press(ACTION)
  world:go_on(2)
  bench.press("Cancel")
  local now = world.now
  assert_cancelled(world)
  assert(world.now - now < 15)
end)

test("Cancel says when there is nothing to cancel, also after a run or a crash of one", function()
  local world = bench.start()
  bench.press("Cancel")
  equal(#world.messages, 1)
  says(world.messages[1].text, "not working")
  world = long_job()
  bench.press(ACTION)
  world:go_on(2)
  world.deferred = {}
  world.now = world.now + 60
  bench.press("Cancel")
  says(world.messages[1].text, "not working")
end)

test("a window that is closed is closed; the work goes on", function()
  local world = long_job()
  bench.press(ACTION)
  world:go_on(2)
  world.gfx.quit()
  world.gfx.keys = { -1 }
  world.daemon.jobs[1].plan = { "accepted", "progress", "done" }
  world:go_on()
  equal(world.daemon.cancelled, {})
  equal(#world.project.tracks, 2)
end)

test("an earlier Cancel does not stop a later run", function()
  local world = long_job()
  bench.press(ACTION)
  world:go_on(2)
  bench.press("Cancel")
  world:go_on()
  world.daemon.plan = { "accepted", "done" }
  bench.press(ACTION)
  world:go_on()
  equal(#world.project.tracks, 2)
end)

bench.run()
