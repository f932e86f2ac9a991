-- Note maps from the drum plugin's note names, and names for tracks that have none.

local bench = require("bench")
local model, equal, says, test = bench.model, bench.equal, bench.says, bench.test

local ACTION = "Transcribe selected items"
local NAMES = { [24] = "Kick", [26] = "Snare", [30] = "HH Closed", [34] = "HH Open", [60] = "Ride" }

local function with_drums(fields)
  local world = bench.start()
  model.item(model.track(world.project, { name = "Kit" }), 10, 4, { selected = true, name = "groove" })
  fields.name, fields.selected = "Drums", true
  return world, model.track(world.project, fields)
end

local function sidecar_preset(world)
  local job = world.daemon.jobs[#world.daemon.jobs]
  return job.sidecar.preset
end

test("a plugin's note names become a note map, which the job uses", function()
  local world = with_drums({ plugin = "VST3i: Thunder Kit 2 (Maker) (8 out)", plugin_names = NAMES })
  bench.press(ACTION)
  world:go_on()
  equal(#world.daemon.imports, 1)
  equal(world.daemon.imports[1].name, "reaper-thunder-kit-2")
  equal(world.daemon.imports[1].names, "24 Kick\n26 Snare\n30 HH Closed\n34 HH Open\n60 Ride\n")
  equal(sidecar_preset(world), "reaper-thunder-kit-2")
end)

test("the same names are imported once a session, other ones again", function()
  local world, drums = with_drums({ plugin = "VST3i: Thunder Kit 2 (Maker)", plugin_names = NAMES })
  for _ = 1, 2 do
    bench.press(ACTION)
    world:go_on()
  end
  equal(#world.daemon.imports, 1)
  drums.plugin_names = { [1] = "Kick", [2] = "Snare", [3] = "Tom", [4] = "Crash" }
  bench.press(ACTION)
  world:go_on()
  equal(#world.daemon.imports, 2)
end)

test("names without kick and snare are no drum kit: the plugin's own note map is taken, or the daemon's", function()
  local plugins = { ["VST3i: Superior Drummer 3 (Toontrack)"] = "superior-drummer-3", ["VSTi: ReaSynth (Cockos)"] = false }
  for plugin, preset in pairs(plugins) do
    local world = with_drums({ plugin = plugin, plugin_names = NAMES })
    world.daemon.heard = { "ride" }
    bench.press(ACTION)
    world:go_on()
    equal(sidecar_preset(world) or false, preset)
  end
end)

test("a plugin that tells no names is known by its own", function()
  for plugin, preset in pairs({
    ["VST3i: Addictive Drums 2 (XLN Audio)"] = "addictive-drums-2",
    ["VSTi: MT-PowerDrumKit (MANDA AUDIO)"] = "mt-power-drum-kit-2",
    ["AUi: EZdrummer 3 (Toontrack)"] = "ezdrummer",
  }) do
    local world = with_drums({ plugin = plugin })
    bench.press(ACTION)
    world:go_on()
    equal(sidecar_preset(world), preset)
    equal(#world.daemon.imports, 0)
  end
end)

test("the user's setting goes before all of that", function()
  local world = with_drums({ plugin = "VST3i: Thunder Kit 2 (Maker)", plugin_names = NAMES })
  bench.set("preset", "my-kit")
  bench.press(ACTION)
  world:go_on()
  equal(#world.daemon.imports, 0)
  equal(sidecar_preset(world), "my-kit")
end)

test("a new track gets the names of the note map that was used", function()
  local world = bench.start()
  model.item(model.track(world.project, { name = "Kit" }), 10, 4, { selected = true })
  bench.press(ACTION)
  world:go_on()
  equal(world.project.tracks[2].names, { [36] = "Kick", [38] = "Snare" })
end)

test("names of the user or the plugin stay", function()
  local world, drums = with_drums({ names = { [36] = "My kick" }, plugin_names = { [38] = "Rim" } })
  bench.press(ACTION)
  world:go_on()
  equal(drums.names, { [36] = "My kick" })
  equal(drums.plugin_names, { [38] = "Rim" })
end)

test("names that Backbeat gave are not taken for the plugin's later on", function()
  local world = bench.start()
  model.item(model.track(world.project, { name = "Kit" }), 10, 4, { selected = true })
  bench.press(ACTION)
  world:go_on()
  local drums = world.project.tracks[2]
  drums.plugin, drums.plugin_names = "VST3i: Thunder Kit 2 (Maker)", NAMES
  bench.press(ACTION)
  world:go_on()
  equal(world.daemon.imports[1].names, "24 Kick\n26 Snare\n30 HH Closed\n34 HH Open\n60 Ride\n")
end)

test("the names are looked up while the daemon works, once a session", function()
  local world = bench.start()
  model.item(model.track(world.project, { name = "Kit" }), 10, 4, { selected = true })
  world.daemon.plan = { "accepted", "progress", "hang" }
  bench.press(ACTION)
  world:go_on(2)
  equal(world.daemon.shown, 1)
  bench.press("Cancel")
  world:go_on()
  world.daemon.plan = { "accepted", "done" }
  bench.press(ACTION)
  world:go_on()
  equal(world.daemon.shown, 1)
end)

test("without names the notes come all the same", function()
  local world = bench.start()
  model.item(model.track(world.project, { name = "Kit" }), 10, 4, { selected = true })
  local exec = world.exec
  world.exec = function(line, wait_ms)
    if line:find('"presets"') then return nil end
    return exec(line, wait_ms)
  end
  bench.press(ACTION)
  world:go_on()
  equal(world.messages, {})
  equal(#bench.midi_items(world.project.tracks[2]), 1)
  says(world.project.tracks[2].name, "drums")
end)

bench.run()
