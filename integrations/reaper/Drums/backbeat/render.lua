-- @noindex
-- Renders one source through REAPER into a WAV file. Whatever happens, the project's render settings, its selection and
-- the item's active take are afterwards as they were.

local problem = require("backbeat.problem")
local render_settings = require("backbeat.render_settings")
local selection = require("backbeat.selection")
local wav = require("backbeat.wav")

local render = {}

local RENDER_NOW = 42230 -- File: Render project, using the most recent render settings, auto-close render dialog
local LENGTH_TOLERANCE_S = 0.1

local function select_source(source)
  if source.item then
    reaper.SetActiveTake(source.take)
    selection.only_item(source.project, source.item)
  else
    selection.only_track(source.project, source.track)
  end
end

local function wanted(source, folder, name)
  return {
    what = source.item and render_settings.SELECTED_ITEMS or render_settings.SELECTED_TRACKS,
    bounds = source.item and render_settings.ITEM_BOUNDS or render_settings.CUSTOM_BOUNDS,
    start_s = source.start_s,
    end_s = source.end_s,
    folder = folder,
    name = name,
  }
end

local function start(source, folder, name)
  render_settings.apply(source.project, wanted(source, folder, name))
  select_source(source)
  local targets = render_settings.targets(source.project)
  if #targets ~= 1 then
    problem.raise(
      ("REAPER would write %d files for %s instead of one."):format(#targets, source.name),
      #targets == 0 and "Is it muted, or is there nothing in it?" or "Please render it by hand into the watched folder."
    )
  end
  if reaper.file_exists(targets[1]) then problem.raise("There is a file already: " .. targets[1], "Try again.") end
  reaper.Main_OnCommandEx(RENDER_NOW, 0, source.project)
  return targets[1]
end

-- Renders `source` into FOLDER/NAME.wav and returns the path that REAPER names. Where REAPER is set to render in the
-- background, the file is not whole yet: `render.check` tells. Raises a problem.
function render.start(source, folder, name)
  local project = source.project
  local kept, selected = render_settings.snapshot(project), selection.snapshot(project)
  local active = source.item and reaper.GetActiveTake(source.item)
  local ok, result = problem.catch(start, source, folder, name)
  if active then reaper.SetActiveTake(active) end
  selection.restore(project, selected)
  render_settings.restore(project, kept)
  reaper.UpdateArrange()
  if not ok then error(result, 0) end
  return result
end

-- Seconds of sound in the file, or nil while it is not whole. Raises a problem when it is not what was to be rendered.
function render.check(path, source)
  local header = wav.header(path)
  if not header then return nil end
  local length_s = source.end_s - source.start_s
  if math.abs(header.seconds - length_s) > LENGTH_TOLERANCE_S then
    problem.raise(
      ("REAPER rendered %.1f seconds of %s instead of %.1f."):format(header.seconds, source.name, length_s),
      "Was the render stopped? Then start again."
    )
  end
  if wav.is_silent(path, header) then
    problem.raise(
      ("The render of %s is silent."):format(source.name),
      "Is it muted, is another track soloed, or is a media file offline?"
    )
  end
  return header.seconds
end

return render
