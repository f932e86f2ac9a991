-- The real scripts and the real daemon; only REAPER is a stand-in: its "render" copies a recording into the inbox.
-- What is to be done is in the environment, what came of it goes to standard output as JSON:
--   TEST_RECORDING  WAV file that is on the selected item; %d in it becomes the number of the run
--   TEST_LENGTH_S   its length; TEST_COMMAND the backbeat command
--   TEST_SEND       auto (OSC where LuaSocket is there) or command; TEST_OPTIONS the user's options
--   TEST_CANCEL     a piece of the progress's words at which the action Cancel is run
--   TEST_PLUGIN     note names of a drum plugin on a selected track, such as 24=Kick;26=Snare
--   TEST_RUNS       how often the key is pressed, one after another

local bench = require("bench")
local json = require("backbeat.json")
local model, files = bench.model, bench.files

local START_S = 10.0

local function variable(name, or_else)
  return os.getenv("TEST_" .. name) or or_else or error("TEST_" .. name .. " is not set")
end

-- Seconds, to a hundredth: a plain Lua has no better clock.
local function uptime_s()
  return tonumber(files.read("/proc/uptime"):match("^%S+"))
end

local function exec(line, wait_ms)
  if wait_ms < 0 then
    os.execute(line .. " </dev/null >/dev/null 2>&1 &")
    return nil
  end
  local pipe = assert(io.popen(line .. " 2>&1; echo $?"))
  local output = pipe:read("a")
  pipe:close()
  local said, code = output:match("^(.-)(%d+)\n$")
  return code .. "\n" .. said
end

local function new_world()
  local world = bench.start()
  package.preload["socket.core"] = nil -- the real one, where it is
  world.exec, world.clock, world.ticks = exec, uptime_s, {}
  world.pause = function() os.execute("sleep 0.03") end
  world.render = function(target)
    local recording = variable("RECORDING"):gsub("%%d", tostring(world.run))
    os.execute(("cp '%s' '%s'"):format(recording, target.path))
  end
  bench.set("command", variable("COMMAND"))
  bench.set("send", variable("SEND"))
  bench.set("options", variable("OPTIONS", ""))
  bench.set("tempo", "never")
  return world
end

local function cancels_at(world, words)
  return function()
    if not world.cancelled and table.concat(world.gfx.drawn, "\n"):find(words, 1, true) then
      world.cancelled = true
      bench.press("Cancel")
    end
  end
end

local function notes_of(world)
  local notes, items = {}, 0
  for n, track in ipairs(world.project.tracks) do
    for _, item in ipairs(n > 1 and bench.midi_items(track) or {}) do
      items = items + 1
      for _, note in ipairs(item.notes) do
        local at_s = item.start_s + note.from / 960 * 60 / world.project.bpm
        notes[#notes + 1] = { time_s = at_s - START_S, pitch = note.pitch, velocity = note.velocity }
      end
    end
  end
  return notes, items
end

local world = new_world()
local track = model.track(world.project, { name = "Kit" })
model.item(track, START_S, tonumber(variable("LENGTH_S")), { selected = true, name = "groove" })
local plugin_names = {}
for pitch, name in variable("PLUGIN", ""):gmatch("(%d+)=([^;]+)") do plugin_names[tonumber(pitch)] = name end
if next(plugin_names) then
  local fields = { name = "Drums", plugin = "VST3i: Thunder Kit (Maker)", plugin_names = plugin_names, selected = true }
  model.track(world.project, fields)
end
local cancel_at = variable("CANCEL", "")
if cancel_at ~= "" then world.ticks[1] = cancels_at(world, cancel_at) end
local before = bench.kept(world.project)

local runs = {}
for n = 1, tonumber(variable("RUNS", "1")) do
  world.run = n
  local start_s = uptime_s()
  bench.press("Transcribe selected items")
  local returned_s = uptime_s() - start_s
  world:go_on(300)
  runs[n] = { jobs = json.decode(reaper.GetExtState("backbeat", "last_run")), returned_s = returned_s }
end
bench.assert_tidy(world, before)

local messages = {}
for n, message in ipairs(world.messages) do messages[n] = message.text end
local notes, items = notes_of(world)
local names = {}
for pitch, name in pairs(world.project.tracks[2] and world.project.tracks[2].names or {}) do names[tostring(pitch)] = name end
print(json.encode({
  notes = notes, items = items, messages = messages, runs = runs, names = names, undo_steps = #world.undo,
}))
