-- A stand-in for REAPER: its Lua API on a model of a project. What it was asked is in `world.calls`.

local check = require("fake.check")
local files = require("fake.files")
local model = require("fake.model")
local music = require("fake.music")

local fake = {}

local TICK_S = 0.03 -- REAPER calls deferred functions about so often
local RENDER_NOW = 42230

local World = {}
World.__index = World

local function current(world, project)
  return project == 0 and world.front or project
end

-- What REAPER would render with the settings as they are: the paths, and the stretch of each.
local function targets(project)
  local render, texts = project.render, project.render_texts
  local base, found = texts.RENDER_FILE .. "/" .. texts.RENDER_PATTERN, {}
  local start_s, end_s = render.RENDER_STARTPOS, render.RENDER_ENDPOS
  if render.RENDER_BOUNDSFLAG == 1 then start_s, end_s = 0.0, model.length_s(project) end
  if render.RENDER_SETTINGS == 32 then
    assert(render.RENDER_BOUNDSFLAG == 4, "selected items need the bounds of selected items")
    for _, item in ipairs(model.items(project, true)) do
      local from = item.values.D_POSITION
      found[#found + 1] = { it = item, take = item.active, start_s = from, end_s = from + item.values.D_LENGTH }
    end
  elseif render.RENDER_SETTINGS == 2 then
    for _, track in ipairs(model.selected_tracks(project, true)) do
      found[#found + 1] = { it = track, start_s = start_s, end_s = end_s }
    end
  else
    found[1] = { it = project, start_s = 0.0, end_s = model.length_s(project) }
  end
  for n, each in ipairs(found) do
    local extension = texts.RENDER_FORMAT == "ZXZhdxgAAAA=" and ".wav" or ".mp3"
    each.path = base .. (#found > 1 and ("-%03d"):format(n) or "") .. extension
  end
  return found
end

local function text_field(of, name, text, is_set)
  assert(name == "P_NAME" or name == "GUID" or name:find("^P_EXT:%w"), "no such field: " .. name)
  if name == "P_NAME" then
    if is_set then of.name = text end
    return true, of.name
  end
  if name == "GUID" then
    assert(not is_set)
    return true, of.guid
  end
  if is_set then of.ext[name] = text end
  return of.ext[name] ~= nil, of.ext[name] or ""
end

local function project_functions(world)
  local functions = {}
  function functions.EnumProjects(index)
    assert(index == -1)
    return world.front, "song.rpp"
  end
  function functions.SelectProjectInstance(project) world.front = project end
  function functions.GetProjectLength(project) return model.length_s(current(world, project)) end
  function functions.GetSetProjectInfo(project, name, value, is_set)
    project = current(world, project)
    assert(project.render[name], "no such setting: " .. name)
    if is_set then project.render[name] = value + 0.0 end
    return project.render[name]
  end
  function functions.GetSetProjectInfo_String(project, name, text, is_set)
    project = current(world, project)
    if name == "RENDER_TARGETS" then
      local paths = {}
      for n, target in ipairs(world.targets(project)) do paths[n] = target.path end
      return true, table.concat(paths, ";")
    end
    assert(project.render_texts[name], "no such setting: " .. name)
    if is_set then project.render_texts[name] = text end
    return true, project.render_texts[name]
  end
  function functions.GetSet_LoopTimeRange2(project, is_set)
    assert(not is_set)
    return table.unpack(current(world, project).selection)
  end
  function functions.Main_OnCommandEx(command, _, project)
    assert(command == RENDER_NOW, "an action that no test knows")
    project = current(world, project)
    assert(project == world.front, "only the project in front is rendered")
    for _, target in ipairs(world.targets(project)) do world.render(target, world) end
  end
  function functions.ValidatePtr2(_, pointer, kind)
    local kinds = { project = "ReaProject*", track = "MediaTrack*", item = "MediaItem*", take = "MediaItem_Take*" }
    return type(pointer) == "table" and kinds[pointer.kind] == kind and model.is_alive(pointer)
  end
  return functions
end

local function undo_functions(world)
  local functions = {}
  function functions.Undo_BeginBlock2(project)
    world.undo_depth = world.undo_depth + 1
    world.before = model.state(current(world, project))
  end
  function functions.Undo_EndBlock2(project, name)
    assert(world.undo_depth > 0, "an undo step ends that has not begun")
    world.undo_depth = world.undo_depth - 1
    world.undo[#world.undo + 1] = { name = name, before = world.before }
    for _, item in ipairs(model.items(current(world, project))) do
      assert(item.active == nil or not item.active.unsorted, "MIDI_Sort was forgotten")
    end
  end
  function functions.Undo_DoUndo2(project)
    local step = table.remove(world.undo) or error("nothing to undo")
    model.set_state(current(world, project), step.before)
  end
  function functions.PreventUIRefresh(by)
    world.refresh = world.refresh + by
    assert(world.refresh >= 0)
  end
  function functions.UpdateArrange() end
  function functions.UpdateTimeline() end
  function functions.TrackList_AdjustWindows() end
  return functions
end

local function selection_functions(world)
  local functions = {}
  function functions.CountSelectedMediaItems(project) return #model.items(current(world, project), true) end
  function functions.GetSelectedMediaItem(project, n) return model.items(current(world, project), true)[n + 1] end
  function functions.SelectAllMediaItems(project, selected)
    for _, item in ipairs(model.items(current(world, project))) do item.selected = selected or nil end
  end
  function functions.SetMediaItemSelected(item, selected) item.selected = selected or nil end
  function functions.CountSelectedTracks2(project, master) return #model.selected_tracks(current(world, project), master) end
  function functions.GetSelectedTrack2(project, n, master)
    return model.selected_tracks(current(world, project), master)[n + 1]
  end
  function functions.SetTrackSelected(track, selected) track.selected = selected or nil end
  return functions
end

local function item_functions(world)
  local functions = {}
  function functions.CountMediaItems(project) return #model.items(current(world, project)) end
  function functions.GetMediaItem(project, n) return model.items(current(world, project))[n + 1] end
  function functions.GetMediaItem_Track(item) return item.track end
  function functions.GetMediaItemInfo_Value(item, name) return item.values[name] or error("no such value: " .. name) end
  function functions.SetMediaItemInfo_Value(item, name, value)
    assert(item.values[name], "no such value: " .. name)
    item.values[name] = value
    return true
  end
  function functions.GetSetMediaItemInfo_String(item, name, text, is_set) return text_field(item, name, text, is_set) end
  function functions.GetActiveTake(item) return item.active end
  function functions.SetActiveTake(take) take.item.active = take end
  function functions.CountTakes(item) return #item.takes end
  function functions.GetMediaItemTake(item, n) return item.takes[n + 1] end
  function functions.TakeIsMIDI(take) return take.midi or false end
  function functions.GetSetMediaItemTakeInfo_String(take, name, text, is_set) return text_field(take, name, text, is_set) end
  function functions.GetMediaItemTakeInfo_Value(take, name)
    return ({ D_STARTOFFS = take.offset_s, D_PLAYRATE = take.rate })[name] or error("no such value: " .. name)
  end
  function functions.DeleteTrackMediaItem(track, item)
    assert(item.track == track, "the item is on another track")
    model.delete_item(item)
    return true
  end
  return functions
end

local function track_functions(world)
  local functions = {}
  function functions.CountTracks(project) return #current(world, project).tracks end
  function functions.GetTrack(project, n) return current(world, project).tracks[n + 1] end
  function functions.GetMediaTrackInfo_Value(track, name)
    if name == "I_FOLDERDEPTH" then return track.folder + 0.0 end
    assert(name == "IP_TRACKNUMBER", "no such value: " .. name)
    for n, each in ipairs(track.project.tracks) do
      if each == track then return n + 0.0 end
    end
  end
  function functions.GetSetMediaTrackInfo_String(track, name, text, is_set) return text_field(track, name, text, is_set) end
  function functions.InsertTrackAtIndex(index)
    local tracks = world.front.tracks
    assert(index >= 0 and index <= #tracks)
    local track = model.track(world.front)
    table.remove(tracks)
    table.insert(tracks, index + 1, track)
  end
  function functions.TrackFX_GetInstrument(track) return track.plugin and 0 or -1 end
  function functions.TrackFX_GetFXName(track, n)
    assert(n == 0)
    return true, track.plugin
  end
  function functions.GetTrackMIDINoteNameEx(_, track, pitch)
    return track.names[pitch] or track.plugin_names and track.plugin_names[pitch]
  end
  function functions.SetTrackMIDINoteNameEx(_, track, pitch, _, name)
    track.names[pitch] = name ~= "" and name or nil
    return true
  end
  return functions
end

local function system_functions(world)
  local functions = {}
  local function key(section, name) return section .. "\0" .. name end
  function functions.GetExtState(section, name) return world.ext_state[key(section, name)] or "" end
  function functions.HasExtState(section, name) return world.ext_state[key(section, name)] ~= nil end
  function functions.SetExtState(section, name, text, persist)
    world.ext_state[key(section, name)] = text
    world.persistent[name] = persist
  end
  function functions.DeleteExtState(section, name) world.ext_state[key(section, name)] = nil end
  function functions.GetOS() return world.os end
  function functions.GetResourcePath() return world.folder .. "/resources" end
  function functions.ExecProcess(line, wait_ms)
    world.commands[#world.commands + 1] = { line = line, wait_ms = wait_ms }
    return world.exec(line, wait_ms, world)
  end
  function functions.RecursiveCreateDirectory(path) return os.execute(("mkdir -p '%s'"):format(path)) and 1 or 0 end
  function functions.file_exists(path) return files.exists(path) end
  function functions.time_precise() return world.clock() end
  function functions.defer(body) world.deferred[#world.deferred + 1] = body end
  function functions.atexit(body) world.at_exit = body end
  function functions.ShowConsoleMsg(text) world.console = world.console .. text end
  function functions.ShowMessageBox(text, title, buttons)
    world.messages[#world.messages + 1] = { text = text, title = title, buttons = buttons }
    return table.remove(world.answers, 1) or (buttons == 4 and 7 or 1)
  end
  function functions.GetUserInputs(title, fields, captions, texts)
    world.dialogs[#world.dialogs + 1] = { title = title, fields = fields, captions = captions, texts = texts }
    local answer = table.remove(world.inputs, 1)
    return answer ~= nil, answer or ""
  end
  return functions
end

-- Writes what is to be rendered as a WAV file at once: clicks. Tests put another function in its place.
local function render(target)
  files.write(target.path, files.wav(target.end_s - target.start_s))
end

-- A REAPER with one empty project. folder: for its files. The globals `reaper` and `gfx` are set by `World:install`.
function fake.new(folder)
  local world = setmetatable({
    folder = folder, os = "Other", calls = {}, commands = {}, messages = {}, answers = {}, dialogs = {}, inputs = {},
    deferred = {}, ext_state = {}, persistent = {}, undo = {}, undo_depth = 0, refresh = 0, console = "", now = 1000.0,
    front = model.project(), render = render, targets = targets, ticks = {},
  }, World)
  world.clock = function() return world.now end
  world.project = world.front
  local all = {}
  local parts = {
    project_functions, undo_functions, selection_functions, item_functions, track_functions, system_functions, music.midi,
    music.tempo,
  }
  for _, part in ipairs(parts) do
    for name, body in pairs(part(world)) do all[name] = body end
  end
  world.reaper = check.wrap(all, world)
  return world
end

-- How often a function was called.
function World:called(name)
  local count = 0
  for _, call in ipairs(self.calls) do
    if call.name == name then count = count + 1 end
  end
  return count
end

-- Let REAPER go on until nothing is deferred any more, or for so long.
function World:go_on(for_s)
  local stop = self.clock() + (for_s or 600)
  while #self.deferred > 0 and self.clock() < stop do
    local bodies = self.deferred
    self.deferred = {}
    self.now = self.now + TICK_S
    for _, tick in ipairs(self.ticks) do tick() end
    if self.pause then self.pause() end
    for _, body in ipairs(bodies) do body() end
  end
end

return fake
