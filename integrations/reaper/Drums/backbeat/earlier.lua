-- @noindex
-- What Backbeat has inserted before: every item that it makes remembers in P_EXT:backbeat what it was made from.

local json = require("backbeat.json")

local earlier = {}

local FIELD = "P_EXT:backbeat"
local TOLERANCE_S = 0.001

local function guid(item)
  local _, text = reaper.GetSetMediaItemInfo_String(item, "GUID", "", false)
  return text
end

-- Remember in `item` that it holds the notes of `source`.
function earlier.mark(item, source, job_id)
  local mark = json.encode({ source = source.key, job = job_id or "", item = guid(item) })
  reaper.GetSetMediaItemInfo_String(item, FIELD, mark, true)
end

-- Whether Backbeat made the item from the source. A copy that the user made has the mark of its original, and is the user's.
local function is_from(item, source)
  local _, text = reaper.GetSetMediaItemInfo_String(item, FIELD, "", false)
  local mark = text ~= "" and json.decode(text) or nil
  return type(mark) == "table" and mark.source == source.key and mark.item == guid(item)
end

local function lies_within(item, source)
  local start_s = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local end_s = start_s + reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
  return start_s >= source.start_s - TOLERANCE_S and end_s <= source.end_s + TOLERANCE_S
end

local function items_from(source)
  local found = {}
  for n = 0, reaper.CountMediaItems(source.project) - 1 do
    local item = reaper.GetMediaItem(source.project, n)
    if is_from(item, source) then found[#found + 1] = item end
  end
  return found
end

-- The track of an earlier result of the item or track, whatever its time; or nil.
function earlier.track(source)
  local item = items_from(source)[1]
  return item and reaper.GetMediaItem_Track(item)
end

-- Delete the earlier results of the source but not `keep`; of a track, those that lie within the source's time.
-- Returns how many there were.
function earlier.delete(source, keep)
  local count = 0
  for _, item in ipairs(items_from(source)) do
    local is_replaced = item ~= keep and (source.item or lies_within(item, source))
    if is_replaced and reaper.DeleteTrackMediaItem(reaper.GetMediaItem_Track(item), item) then count = count + 1 end
  end
  return count
end

return earlier
