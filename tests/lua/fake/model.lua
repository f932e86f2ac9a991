-- A REAPER project as far as the scripts see it: tracks, items, takes, tempo markers, render settings.

local model = {}

local count = 0

-- A GUID as REAPER writes them, new each time.
function model.guid()
  count = count + 1
  return ("{00000000-0000-4000-8000-%012X}"):format(count)
end

local RENDER = {
  RENDER_SETTINGS = 0, RENDER_BOUNDSFLAG = 1, RENDER_STARTPOS = 3, RENDER_ENDPOS = 7, RENDER_CHANNELS = 1, RENDER_SRATE = 48000,
  RENDER_TAILFLAG = 18, RENDER_TAILMS = 1000, RENDER_ADDTOPROJ = 1, RENDER_DITHER = 3, RENDER_NORMALIZE = 1,
}
local RENDER_TEXTS = {
  RENDER_FILE = "/home/me/mixes", RENDER_PATTERN = "$project", RENDER_FORMAT = "bDNwbQ==", RENDER_FORMAT2 = "Y2FsZg==",
}

-- A project with the render settings of somebody who last rendered a mix to MP3 and FLAC.
function model.project()
  local project = { kind = "project", tracks = {}, tempo = {}, bpm = 120.0, beats = 4, unit = 4, selection = { 0.0, 0.0 } }
  project.master = { kind = "track", project = project, name = "MASTER", guid = model.guid(), items = {}, ext = {}, names = {} }
  project.render, project.render_texts = {}, {}
  for name, value in pairs(RENDER) do project.render[name] = value + 0.0 end
  for name, text in pairs(RENDER_TEXTS) do project.render_texts[name] = text end
  return project
end

-- fields: name, plugin (its name), plugin_names (names of notes by pitch), folder (depth), selected.
function model.track(project, fields)
  local track = {
    kind = "track", project = project, guid = model.guid(), name = "", items = {}, ext = {}, names = {}, folder = 0,
  }
  for key, value in pairs(fields or {}) do track[key] = value end
  project.tracks[#project.tracks + 1] = track
  return track
end

function model.take(item, fields)
  local take = { kind = "take", item = item, guid = model.guid(), name = "", offset_s = 0.0, rate = 1.0, notes = {}, ext = {} }
  for key, value in pairs(fields or {}) do take[key] = value end
  item.takes[#item.takes + 1] = take
  item.active = item.active or take
  return take
end

-- fields: selected, name (of its take), midi.
function model.item(track, start_s, length_s, fields)
  local item = {
    kind = "item", track = track, guid = model.guid(), ext = {}, takes = {},
    values = { D_POSITION = start_s + 0.0, D_LENGTH = length_s + 0.0, C_BEATATTACHMODE = -1.0 },
  }
  fields = fields or {}
  item.selected = fields.selected
  if not fields.empty then model.take(item, { name = fields.name or "", midi = fields.midi }) end
  track.items[#track.items + 1] = item
  return item
end

function model.delete_item(item)
  for n, each in ipairs(item.track.items) do
    if each == item then table.remove(item.track.items, n) end
  end
end

function model.delete_track(track)
  for n, each in ipairs(track.project.tracks) do
    if each == track then table.remove(track.project.tracks, n) end
  end
end

-- Whether a track, item or take is still in its project.
function model.is_alive(it)
  if it.kind == "project" then return not it.closed end
  if it.kind == "take" then
    for _, take in ipairs(it.item.takes) do
      if take == it then return model.is_alive(it.item) end
    end
    return false
  end
  local list = it.kind == "item" and it.track.items or it.project.tracks
  if it.kind == "item" and not model.is_alive(it.track) then return false end
  if it.kind == "track" and it == it.project.master then return model.is_alive(it.project) end
  for _, each in ipairs(list) do
    if each == it then return it.kind == "item" or model.is_alive(it.project) end
  end
  return false
end

function model.project_of(it)
  if it.kind == "project" then return it end
  if it.kind == "take" then it = it.item end
  if it.kind == "item" then it = it.track end
  return it.project
end

function model.items(project, selected_only)
  local items = {}
  for _, track in ipairs(project.tracks) do
    for _, item in ipairs(track.items) do
      if not selected_only or item.selected then items[#items + 1] = item end
    end
  end
  return items
end

function model.selected_tracks(project, with_master)
  local tracks = {}
  if with_master and project.master.selected then tracks[1] = project.master end
  for _, track in ipairs(project.tracks) do
    if track.selected then tracks[#tracks + 1] = track end
  end
  return tracks
end

function model.length_s(project)
  local length_s = 0.0
  for _, item in ipairs(model.items(project)) do
    length_s = math.max(length_s, item.values.D_POSITION + item.values.D_LENGTH)
  end
  return length_s
end

local function copy(value, depth)
  if type(value) ~= "table" or depth == 0 then return value end
  local new = {}
  for key, each in pairs(value) do new[key] = copy(each, depth - 1) end
  return new
end

-- All that undo brings back, for comparing and for undoing.
function model.state(project)
  local state = { tracks = copy(project.tracks, 1), tempo = copy(project.tempo, 2), of = {} }
  for _, track in ipairs(project.tracks) do
    state.of[track] = { items = copy(track.items, 1), ext = copy(track.ext, 1), names = copy(track.names, 1), name = track.name }
    for _, item in ipairs(track.items) do
      state.of[item] = { ext = copy(item.ext, 1), values = copy(item.values, 1), takes = copy(item.takes, 1) }
    end
  end
  return state
end

function model.set_state(project, state)
  project.tracks, project.tempo = state.tracks, state.tempo
  for it, fields in pairs(state.of) do
    for key, value in pairs(fields) do it[key] = value end
  end
end

return model
