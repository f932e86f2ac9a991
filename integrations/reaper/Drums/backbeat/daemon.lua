-- @noindex
-- What the daemon is configured to: the folder to render into, its port, its note map. Asked once per REAPER session.

local command = require("backbeat.command")
local json = require("backbeat.json")
local problem = require("backbeat.problem")
local settings = require("backbeat.settings")

local daemon = {}

local WAIT_MS = 20000
local CACHE = "daemon"

-- The first line of a program's output that is JSON: warnings may stand around it.
function daemon.json_line(output)
  for line in output:gmatch("[^\r\n]+") do
    if line:find("^%s*[{%[]") then
      local value = json.decode(line)
      if value ~= nil then return value end
    end
  end
end

local function asked(program)
  local code, output = command.run(program, { "config", "show", "--json" }, WAIT_MS)
  local config = code == 0 and daemon.json_line(output)
  local function value(key)
    local entry = config and config[key]
    return type(entry) == "table" and entry.value or nil
  end
  if not value("inbox") then
    problem.raise("The backbeat command did not say how it is configured:\n" .. output:sub(1, 600), "Try: backbeat config show")
  end
  return {
    program = program,
    inbox = value("inbox"),
    host = value("osc.host"),
    port = value("osc.port"),
    osc = value("osc.enabled") == true,
    preset = value("transcribe.preset"),
  }
end

-- {program, inbox, host, port, osc, preset}; raises a problem when the command is not there or does not answer.
function daemon.config(configured_command)
  local program = command.find(configured_command)
  local cached = json.decode(reaper.GetExtState(settings.SECTION, CACHE))
  if type(cached) == "table" and cached.program == program then return cached end
  local config = asked(program)
  reaper.SetExtState(settings.SECTION, CACHE, json.encode(config), false)
  return config
end

-- Ask again next time: the user has changed something.
function daemon.forget()
  reaper.DeleteExtState(settings.SECTION, CACHE, false)
end

return daemon
