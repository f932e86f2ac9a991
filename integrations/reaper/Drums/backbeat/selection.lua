-- @noindex
-- What is selected, and which take of an item is active: rendering needs it otherwise for a moment.

local selection = {}

local WITH_MASTER = true

-- Selected tracks (the master too) and items of the project.
function selection.snapshot(project)
  local kept = { tracks = {}, items = {} }
  for n = 0, reaper.CountSelectedTracks2(project, WITH_MASTER) - 1 do
    kept.tracks[#kept.tracks + 1] = reaper.GetSelectedTrack2(project, n, WITH_MASTER)
  end
  for n = 0, reaper.CountSelectedMediaItems(project) - 1 do
    kept.items[#kept.items + 1] = reaper.GetSelectedMediaItem(project, n)
  end
  return kept
end

-- Nothing else is selected afterwards. What is gone meanwhile is passed over.
function selection.restore(project, kept)
  selection.only_item(project, nil)
  selection.only_track(project, nil)
  for _, track in ipairs(kept.tracks) do
    if reaper.ValidatePtr2(project, track, "MediaTrack*") then reaper.SetTrackSelected(track, true) end
  end
  for _, item in ipairs(kept.items) do
    if reaper.ValidatePtr2(project, item, "MediaItem*") then reaper.SetMediaItemSelected(item, true) end
  end
end

-- Select this item only, or none.
function selection.only_item(project, item)
  reaper.SelectAllMediaItems(project, false)
  if item then reaper.SetMediaItemSelected(item, true) end
end

-- Select this track only, or none.
function selection.only_track(project, track)
  for n = reaper.CountSelectedTracks2(project, WITH_MASTER) - 1, 0, -1 do
    reaper.SetTrackSelected(reaper.GetSelectedTrack2(project, n, WITH_MASTER), false)
  end
  if track then reaper.SetTrackSelected(track, true) end
end

return selection
