-- @noindex
-- Every setting of the project's render dialog that we touch: read, set, put back.

local render_settings = {}

local NUMBERS = {
  "RENDER_SETTINGS", "RENDER_BOUNDSFLAG", "RENDER_STARTPOS", "RENDER_ENDPOS", "RENDER_CHANNELS", "RENDER_SRATE",
  "RENDER_TAILFLAG", "RENDER_TAILMS", "RENDER_ADDTOPROJ", "RENDER_DITHER", "RENDER_NORMALIZE",
}
local TEXTS = { "RENDER_FILE", "RENDER_PATTERN", "RENDER_FORMAT", "RENDER_FORMAT2" }

local WAV_24_BIT = "ZXZhdxgAAAA=" -- REAPER's sink configuration: "evaw", then 24
local STEREO = 2

render_settings.SELECTED_TRACKS, render_settings.SELECTED_ITEMS = 2, 32 -- RENDER_SETTINGS: stems only; selected media items
render_settings.CUSTOM_BOUNDS, render_settings.ITEM_BOUNDS = 0, 4 -- RENDER_BOUNDSFLAG

-- All of them as they are.
function render_settings.snapshot(project)
  local kept = { numbers = {}, texts = {} }
  for _, name in ipairs(NUMBERS) do kept.numbers[name] = reaper.GetSetProjectInfo(project, name, 0, false) end
  for _, name in ipairs(TEXTS) do
    local _, text = reaper.GetSetProjectInfo_String(project, name, "", false)
    kept.texts[name] = text
  end
  return kept
end

-- Put back what `snapshot` read.
function render_settings.restore(project, kept)
  for _, name in ipairs(NUMBERS) do reaper.GetSetProjectInfo(project, name, kept.numbers[name], true) end
  for _, name in ipairs(TEXTS) do reaper.GetSetProjectInfo_String(project, name, kept.texts[name], true) end
end

-- One plain WAV file FOLDER/NAME.wav. what, bounds: one of those above; start_s, end_s: for CUSTOM_BOUNDS.
function render_settings.apply(project, wanted)
  local numbers = {
    RENDER_SETTINGS = wanted.what,
    RENDER_BOUNDSFLAG = wanted.bounds,
    RENDER_STARTPOS = wanted.start_s,
    RENDER_ENDPOS = wanted.end_s,
    RENDER_CHANNELS = STEREO,
    RENDER_SRATE = 0, -- the project's
    RENDER_TAILFLAG = 0, -- a tail would make the file longer than what it is of
    RENDER_TAILMS = 0,
    RENDER_ADDTOPROJ = 0,
    RENDER_DITHER = 0, -- noise would hide silence
    RENDER_NORMALIZE = 0,
  }
  for _, name in ipairs(NUMBERS) do reaper.GetSetProjectInfo(project, name, numbers[name], true) end
  reaper.GetSetProjectInfo_String(project, "RENDER_FILE", wanted.folder, true)
  reaper.GetSetProjectInfo_String(project, "RENDER_PATTERN", wanted.name, true)
  reaper.GetSetProjectInfo_String(project, "RENDER_FORMAT", WAV_24_BIT, true)
  reaper.GetSetProjectInfo_String(project, "RENDER_FORMAT2", "", true)
end

-- The files that REAPER would write now.
function render_settings.targets(project)
  local _, list = reaper.GetSetProjectInfo_String(project, "RENDER_TARGETS", "", false)
  local files = {}
  for file in list:gmatch("[^;]+") do files[#files + 1] = file end
  return files
end

return render_settings
