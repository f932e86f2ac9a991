-- @noindex
-- The user's settings: kept by REAPER (ExtState, section "backbeat"), changed in one dialog.

local settings = {}

settings.SECTION = "backbeat"

local function one_of(...)
  local words = { ... }
  return function(text)
    for _, word in ipairs(words) do
      if text:lower() == word then return word end
    end
    return nil, "has to be " .. table.concat(words, " or ")
  end
end

local function any(text) return text end

local function channel(text)
  local number = math.tointeger(tonumber(text))
  if number and number >= 1 and number <= 16 then return number end
  return nil, "has to be a MIDI channel, 1 to 16"
end

-- NAME=VALUE; NAME=VALUE ... as a table.
local function options(text)
  local found = {}
  for part in text:gmatch("[^;]+") do
    local name, value = part:match("^%s*([%w_-]+)%s*=%s*(.-)%s*$")
    if name and value ~= "" then
      found[name:gsub("-", "_")] = value
    elseif part:find("%S") then
      return nil, ("has %q, which is not NAME=VALUE"):format(part)
    end
  end
  return found
end

-- In the order of the dialog. parse: the text's value, or nil and what it has to be.
settings.ROWS = {
  { key = "preset", default = "auto", caption = "Note map (auto or a preset's name)", parse = any },
  { key = "target", default = "auto", caption = "Drum track (auto or new)", parse = one_of("auto", "new") },
  { key = "tempo", default = "ask", caption = "Tempo markers (ask or never)", parse = one_of("ask", "never") },
  { key = "takes", default = "active", caption = "Takes of an item (active or all)", parse = one_of("active", "all") },
  { key = "channel", default = "10", caption = "MIDI channel of the notes", parse = channel },
  { key = "keep", default = "no", caption = "Keep the rendered audio (yes or no)", parse = one_of("yes", "no") },
  { key = "progress", default = "window", caption = "Progress in (window or console)", parse = one_of("window", "console") },
  { key = "send", default = "auto", caption = "Send by (auto or command)", parse = one_of("auto", "command") },
  { key = "options", default = "", caption = "More: NAME=VALUE; NAME=VALUE", parse = options },
  { key = "command", default = "", caption = "backbeat command (empty: look for it)", parse = any },
}

local function trimmed(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

-- Texts by key, as they are stored.
function settings.texts()
  local texts = {}
  for _, row in ipairs(settings.ROWS) do
    local stored = reaper.HasExtState(settings.SECTION, row.key) and reaper.GetExtState(settings.SECTION, row.key)
    texts[row.key] = stored or row.default
  end
  return texts
end

-- Values by key; a stored text that means nothing any more counts as the default.
function settings.load()
  local values = {}
  for key, text in pairs(settings.texts()) do
    for _, row in ipairs(settings.ROWS) do
      if row.key == key then
        values[key] = row.parse(text)
        if values[key] == nil then values[key] = row.parse(row.default) end
      end
    end
  end
  return values
end

-- Store texts by key. Returns what is wrong with them, a sentence each; with one, nothing is stored.
function settings.save(texts)
  local mistakes = {}
  for _, row in ipairs(settings.ROWS) do
    local _, mistake = row.parse(trimmed(texts[row.key] or row.default))
    if mistake then mistakes[#mistakes + 1] = ("%s: it %s."):format(row.caption, mistake) end
  end
  if #mistakes > 0 then return mistakes end
  for _, row in ipairs(settings.ROWS) do
    reaper.SetExtState(settings.SECTION, row.key, trimmed(texts[row.key] or row.default), true)
  end
  return mistakes
end

local SEPARATOR = "\n" -- what separates the fields: a comma may stand in them

-- The dialog, again until what is written can be used; false when the user cancelled it.
function settings.ask()
  local texts = settings.texts()
  while true do
    local captions, answers = {}, {}
    for n, row in ipairs(settings.ROWS) do
      captions[n], answers[n] = row.caption, texts[row.key]
    end
    local layout = ",extrawidth=220,separator=" .. SEPARATOR
    local given, line = reaper.GetUserInputs(
      "Backbeat", #settings.ROWS, table.concat(captions, ",") .. layout, table.concat(answers, SEPARATOR)
    )
    if not given then return false end
    local n = 0
    for answer in (line .. SEPARATOR):gmatch("(.-)" .. SEPARATOR) do
      n = n + 1
      if settings.ROWS[n] then texts[settings.ROWS[n].key] = answer end
    end
    local mistakes = settings.save(texts)
    if #mistakes == 0 then return true end
    reaper.ShowMessageBox(table.concat(mistakes, "\n"), "Backbeat", 0)
  end
end

return settings
