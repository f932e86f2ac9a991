-- The action "Settings", and what depends on the system.

local bench = require("bench")
local equal, says, test = bench.equal, bench.says, bench.test

local function fields(texts)
  local rows, answers = require("backbeat.settings").ROWS, {}
  for n, row in ipairs(rows) do answers[n] = texts[row.key] or row.default end
  return table.concat(answers, "\n")
end

test("the dialog shows the settings and keeps what is answered", function()
  local world = bench.start()
  world.inputs = { fields({ preset = " my-kit ", channel = "1", options = "sensitivity=60, hihat=70" }) }
  bench.press("Settings")
  equal(#world.dialogs, 1)
  local _, commas = world.dialogs[1].captions:gsub(",", "")
  equal(commas, world.dialogs[1].fields + 1)
  assert(world.dialogs[1].fields <= 16)
  local values = require("backbeat.settings").load()
  equal({ values.preset, values.channel, values.options }, { "my-kit", 1, { sensitivity = "60, hihat=70" } })
  assert(world.persistent.preset)
end)

test("Cancel in the dialog changes nothing", function()
  local world = bench.start()
  bench.set("preset", "mine")
  world.inputs = {}
  bench.press("Settings")
  equal(require("backbeat.settings").load().preset, "mine")
end)

test("mistakes are told all at once and the dialog comes again with what was written", function()
  local world = bench.start()
  world.inputs = { fields({ channel = "17", target = "here", options = "quantize" }), fields({ channel = "2" }) }
  bench.press("Settings")
  equal(#world.dialogs, 2)
  for _, piece in ipairs({ "1 to 16", "auto or new", "NAME=VALUE" }) do says(world.messages[1].text, piece) end
  says(world.dialogs[2].texts, "17")
  equal(require("backbeat.settings").load().channel, 2)
end)

test("a stored text that means nothing any more counts as the default", function()
  bench.start()
  bench.set("channel", "none")
  bench.set("takes", "some")
  local values = require("backbeat.settings").load()
  equal({ values.channel, values.takes }, { 10, "active" })
end)

test("after Settings the daemon's configuration is asked for again", function()
  local world = bench.start()
  local daemon = require("backbeat.daemon")
  for _ = 1, 2 do daemon.config("") end
  equal(#world.commands, 1)
  world.inputs = { fields({}) }
  bench.press("Settings")
  require("backbeat.daemon").config("")
  equal(#world.commands, 2)
end)

test("a command that says nothing useful is shown with what it said", function()
  local world = bench.start()
  world.exec = function() return "2\nbackbeat: config.toml, line 3: no such key\n" end
  local ok, it = pcall(require("backbeat.daemon").config, "")
  assert(not ok)
  says(it, "line 3: no such key")
end)

test("the command is the setting, or where it was installed from, or in a usual place, or just its name", function()
  local world = bench.start()
  local command = require("backbeat.command")
  equal(command.find("/my/backbeat"), "/my/backbeat")
  equal(command.find(""):match("[^/]*$"), "backbeat")
  world.os = "Win64"
  equal(command.is_windows(), true)
end)

test("the installer's command.txt beside the scripts names the command, as long as it is there", function()
  bench.start()
  local folder = os.getenv("TEST_SCRATCH") .. "/installed"
  os.execute(("mkdir -p '%s' && cp '%s/backbeat/command.lua' '%s'"):format(folder, os.getenv("TEST_SCRIPTS"), folder))
  local command = assert(loadfile(folder .. "/command.lua"))()
  bench.files.write(folder .. "/command.txt", folder .. "/my backbeat\n")
  assert(command.find("") ~= folder .. "/my backbeat")
  bench.files.write(folder .. "/my backbeat", "#!")
  equal(command.find(""), folder .. "/my backbeat")
  equal(command.find("/mine"), "/mine")
end)

test("words with spaces are quoted; a quote or a line break is refused, never handed on", function()
  bench.start()
  local command = require("backbeat.command")
  equal(command.line("/my programs/backbeat", { "send", "/a b/c.wav" }), '"/my programs/backbeat" "send" "/a b/c.wav"')
  for _, word in ipairs({ 'a"b', "a\nb" }) do
    local ok, it = pcall(command.line, "backbeat", { word })
    assert(not ok)
    says(it, "cannot be handed on")
  end
end)

bench.run()
