-- @noindex
-- What each action of Backbeat does.

local cancel = require("backbeat.cancel")
local daemon = require("backbeat.daemon")
local run = require("backbeat.run")
local settings = require("backbeat.settings")
local sources = require("backbeat.sources")

local actions = {}

function actions.transcribe_items()
  run.start(function(project, chosen) return sources.items(project, chosen.takes == "all") end)
end

function actions.transcribe_time_selection()
  run.start(sources.time_selection)
end

function actions.transcribe_stems()
  run.start(sources.stems)
end

function actions.cancel()
  if not cancel.ask() then reaper.ShowMessageBox("Backbeat is not working at anything.", "Backbeat", 0) end
end

function actions.settings()
  if settings.ask() then daemon.forget() end
end

return actions
