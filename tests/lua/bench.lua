-- What every Lua test starts with: `bench.start()` gives it a REAPER, a daemon and the real scripts.

local bench = {}

local SCRIPTS = assert(os.getenv("TEST_SCRIPTS"), "run by pytest: tests/integration/integrations")
local SCRATCH = assert(os.getenv("TEST_SCRATCH"))

package.path = SCRIPTS .. "/?.lua;" .. package.path

local fake_daemon = require("fake.daemon")
local fake_gfx = require("fake.gfx")
local fake_reaper = require("fake.reaper")
local fake_socket = require("fake.socket")
local model = require("fake.model")

bench.model, bench.files = model, require("fake.files")

local tests, runs = {}, 0

-- Declare a test by the sentence that it shows.
function bench.test(promise, body)
  tests[#tests + 1] = { promise = promise, body = body }
end

-- Run those that were declared; ends the process with 1 when one failed.
function bench.run()
  local failed = 0
  for _, test in ipairs(tests) do
    local ok, why = xpcall(test.body, debug.traceback)
    print((ok and "ok   " or "FAIL ") .. test.promise)
    if not ok then
      failed = failed + 1
      print(why)
    end
  end
  print(("%d passed, %d failed"):format(#tests - failed, failed))
  os.exit(failed == 0 and #tests > 0)
end

local function forget_scripts()
  for name in pairs(package.loaded) do
    if name:find("^backbeat%.") then package.loaded[name] = nil end
  end
  package.loaded["socket.core"], package.preload["socket.core"] = nil, nil
end

-- A fresh REAPER and daemon; by OSC only where a test says so.
function bench.start()
  runs = runs + 1
  forget_scripts()
  local folder = ("%s/run%d"):format(SCRATCH, runs)
  local world = fake_reaper.new(folder)
  reaper, gfx = world.reaper, fake_gfx.new() -- luacheck: globals reaper gfx
  world.gfx = gfx
  world.daemon = fake_daemon.new(folder)
  world.exec = world.daemon:exec()
  world.ticks[1] = function() world.daemon:tick() end
  package.preload["socket.core"] = function() error("LuaSocket is not installed") end
  return world
end

-- From here on LuaSocket is there.
function bench.with_socket(world)
  world.socket = fake_socket.new(world.daemon)
  package.loaded["socket.core"] = nil
  package.preload["socket.core"] = function() return world.socket end
end

function bench.set(key, text)
  reaper.SetExtState("backbeat", key, text, true)
end

-- Press the key of an action, as REAPER does: its file is run.
function bench.press(action)
  local path = package.path
  assert(loadfile(("%s/Backbeat_%s.lua"):format(SCRIPTS, action), "t"))()
  package.path = path
end

-- What must hold whatever happened: nothing half done, everything put back.
function bench.assert_tidy(world, before)
  assert(world.undo_depth == 0, "an undo step is open")
  assert(world.refresh == 0, "the screen is frozen")
  assert(not world.gfx.open, "the window is open")
  assert(#world.deferred == 0, "the script goes on")
  if before then bench.equal(bench.kept(world.project), before) end
end

-- Render settings, selection and active takes of a project.
function bench.kept(project)
  local kept = { render = {}, texts = {}, selected = {}, active = {} }
  for name, value in pairs(project.render) do kept.render[name] = value end
  for name, text in pairs(project.render_texts) do kept.texts[name] = text end
  for _, track in ipairs(model.selected_tracks(project, true)) do kept.selected[#kept.selected + 1] = track.guid end
  for _, item in ipairs(model.items(project)) do
    if item.selected then kept.selected[#kept.selected + 1] = item.guid end
    if #item.takes > 1 then kept.active[item.guid] = item.active.guid end
  end
  return kept
end

-- Files in the daemon's inbox, by their names.
function bench.inbox(world)
  local listing = assert(io.popen(("ls -A '%s'"):format(world.daemon.inbox)))
  local names = {}
  for name in listing:lines() do names[#names + 1] = name end
  listing:close()
  return names
end

local function text_of(value, indent)
  if type(value) ~= "table" then return ("%s (%s)"):format(tostring(value), math.type(value) or type(value)) end
  local lines, names = {}, {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    lines[#lines + 1] = ("%s%s: %s"):format(indent, tostring(name), text_of(value[name], indent .. "  "))
  end
  return "\n" .. table.concat(lines, "\n")
end

function bench.equal(got, wanted)
  local a, b = text_of(got, "  "), text_of(wanted, "  ")
  if a ~= b then error(("got %s\nwanted %s"):format(a, b), 2) end
end

function bench.near(got, wanted, tolerance)
  if math.abs(got - wanted) > (tolerance or 1e-9) then error(("got %s, wanted %s"):format(got, wanted), 2) end
end

function bench.says(text, piece)
  if not tostring(text):find(piece, 1, true) then error(("%q does not say %q"):format(tostring(text), piece), 2) end
end

-- Start, length and notes of the MIDI items on a track.
function bench.midi_items(track)
  local items = {}
  for _, item in ipairs(track.items) do
    if item.active and item.active.midi then
      items[#items + 1] = {
        start_s = item.values.D_POSITION, length_s = item.values.D_LENGTH, notes = item.active.notes, name = item.active.name,
      }
    end
  end
  return items
end

return bench
