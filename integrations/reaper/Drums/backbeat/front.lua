-- @noindex
-- Some of REAPER's functions work on the project whose tab is in front only.

local problem = require("backbeat.problem")

local front = {}

-- Raises a problem when the project is not open any more.
function front.check(project)
  if not reaper.ValidatePtr2(0, project, "ReaProject*") then
    problem.raise("The project was closed before the drums were ready.", "The results lie in the inbox of Backbeat.")
  end
end

-- Run `body(...)` with the project's tab in front, and put back the tab that was there, also after an error.
function front.with(project, body, ...)
  front.check(project)
  local shown = reaper.EnumProjects(-1)
  if shown ~= project then reaper.SelectProjectInstance(project) end
  local results = table.pack(problem.catch(body, ...))
  if shown ~= project then reaper.SelectProjectInstance(shown) end
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

return front
