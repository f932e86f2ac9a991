-- @noindex
-- The program `backbeat`: where it is, and running it through REAPER.

local problem = require("backbeat.problem")

local command = {}

local NO_WAIT, NO_WAIT_MINIMISED = -1, -2

function command.is_windows()
  return reaper.GetOS():find("^Win") ~= nil
end

-- Where installers put it. A program that was started from the desktop does not see the PATH of a terminal.
local function usual_places()
  local home = os.getenv("HOME") or ""
  if command.is_windows() then
    local profile, data = os.getenv("USERPROFILE") or "", os.getenv("APPDATA") or ""
    return { profile .. "\\.local\\bin\\backbeat.exe", data .. "\\uv\\tools\\backbeat\\Scripts\\backbeat.exe" }
  end
  return { home .. "/.local/bin/backbeat", "/opt/homebrew/bin/backbeat", "/usr/local/bin/backbeat", "/usr/bin/backbeat" }
end

-- `backbeat install reaper` writes the command's path into this file beside the scripts.
local function installed_place()
  local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or ""
  local file = io.open(folder .. "command.txt", "r")
  if not file then return nil end
  local line = file:read("l")
  file:close()
  return line ~= "" and line or nil
end

-- Its path: the setting, where it was installed from, the usual places, or just its name.
function command.find(configured)
  if configured ~= "" then return configured end
  local installed = installed_place()
  if installed and reaper.file_exists(installed) then return installed end
  for _, place in ipairs(usual_places()) do
    if reaper.file_exists(place) then return place end
  end
  return "backbeat"
end

-- A command line of words. No shell reads it, so only quotes have to be kept out.
function command.line(program, words)
  local parts = {}
  for _, word in ipairs({ program, table.unpack(words) }) do
    if word:find('["%c]') then problem.raise(("A path with a quote in it cannot be handed on: %s"):format(word)) end
    parts[#parts + 1] = '"' .. word .. '"'
  end
  return table.concat(parts, " ")
end

-- Run to its end, at most `wait_ms`. Returns its exit code and what it said; raises a problem when it cannot be started.
function command.run(program, words, wait_ms)
  local answer = reaper.ExecProcess(command.line(program, words), wait_ms)
  local code, output = (answer or ""):match("^(-?%d+)\r?\n(.*)$")
  if not code then
    problem.raise(
      "The backbeat command could not be started: " .. program,
      "Say where it is in the action \"Backbeat_Settings\". In a terminal, `which backbeat` (Windows: `where backbeat`) tells."
    )
  end
  return math.tointeger(tonumber(code)), output
end

-- Start it and go on at once. Whether it runs is seen by what it writes.
function command.start(program, words)
  reaper.ExecProcess(command.line(program, words), command.is_windows() and NO_WAIT_MINIMISED or NO_WAIT)
end

return command
