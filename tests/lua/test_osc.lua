-- With LuaSocket the job goes by OSC.

local bench = require("bench")
local model, equal, says, test = bench.model, bench.equal, bench.says, bench.test

local ACTION = "Transcribe selected items"

local function one_item()
  local world = bench.start()
  bench.with_socket(world)
  local track = model.track(world.project, { name = "Kit" })
  model.item(track, 10, 4, { selected = true, name = "groove" })
  return world
end

local function sends(world)
  local count = 0
  for _, command in ipairs(world.commands) do
    if command.line:find('"send"') then count = count + 1 end
  end
  return count
end

local function sent(world, address)
  local count = 0
  for _, words in ipairs(world.socket.sent) do
    if words[1] == address then count = count + 1 end
  end
  return count
end

test("the job goes by OSC, and no command is started for it", function()
  local world = one_item()
  bench.press(ACTION)
  world:go_on()
  equal(world.messages, {})
  equal({ sends(world), sent(world, "/backbeat/transcribe") }, { 0, 1 })
  equal(#bench.midi_items(world.project.tracks[2]), 1)
  bench.assert_tidy(world)
end)

test("the user may prefer the command", function()
  local world = one_item()
  bench.set("send", "command")
  bench.press(ACTION)
  world:go_on()
  equal({ sends(world), #world.socket.sent }, { 1, 0 })
end)

test("a pong that is lost is asked for again", function()
  local world = one_item()
  world.socket.lose = 1
  bench.press(ACTION)
  world:go_on()
  equal(sent(world, "/backbeat/ping"), 2)
  equal(#bench.midi_items(world.project.tracks[2]), 1)
end)

test("nobody answers, or the system says that nobody listens: how to start the daemon", function()
  for _, is_mute in ipairs({ true, false }) do
    local world = one_item()
    world.daemon.runs, world.daemon.is_mute = false, is_mute
    bench.press(ACTION)
    world:go_on()
    says(world.messages[1].text, "daemon is not running")
    equal(#world.project.tracks, 1)
    bench.assert_tidy(world)
  end
end)

test("when 'done' is lost, asking how things are finds the result", function()
  local world = one_item()
  world.daemon.plan = { "accepted", "quietly done" }
  world.daemon.state = "done"
  bench.press(ACTION)
  world:go_on()
  equal(world.messages, {})
  assert(sent(world, "/backbeat/status") >= 1)
  equal(#bench.midi_items(world.project.tracks[2]), 1)
end)

test("a job that is cancelled or has failed elsewhere is found out by asking", function()
  for state, messages in pairs({ cancelled = "was cancelled", failed = "backbeat jobs show job0001" }) do
    local world = one_item()
    world.daemon.plan = { "accepted", "hang" }
    world.daemon.state = state
    bench.press(ACTION)
    world:go_on()
    says(world.messages[1].text, messages)
  end
end)

test("a refusal and a failure are told in the daemon's words", function()
  for kind, words in pairs({ error = "outside the configured folders", failed = "too short to hear a beat" }) do
    local world = one_item()
    world.daemon.plan = kind == "error" and { "error" } or { "accepted", "failed" }
    bench.press(ACTION)
    world:go_on()
    says(world.messages[1].text, words)
    bench.assert_tidy(world)
  end
end)

test("Cancel goes by OSC too", function()
  local world = one_item()
  world.daemon.plan = { "accepted", "progress", "hang" }
  bench.press(ACTION)
  world:go_on(2)
  bench.press("Cancel")
  world:go_on()
  equal(world.daemon.cancelled, { "job0001" })
  equal(sends(world), 0)
end)

test("packets that are no OSC of ours are passed over", function()
  bench.start()
  local osc = require("backbeat.osc")
  for _, packet in ipairs({
    "", "/", "/a", "junk", "#bundle\0\0\0\0\0\0\0\0\1", "/a\0\0,s\0\0", "/a\0\0,z\0\0", "/a\0\0,i\0\0\0\0", "/a\0\0x\0\0\0",
  }) do
    equal(osc.message(packet), nil)
  end
  equal(osc.message("/ab\0,sif\0\0\0\0hey\0\0\0\0\5\63\0\0\0"), { address = "/ab", arguments = { "hey", 5, 0.5 } })
  equal(osc.packet("/abc", "x", "four"), "/abc\0\0\0\0,ss\0x\0\0\0four\0\0\0\0")
end)

bench.run()
