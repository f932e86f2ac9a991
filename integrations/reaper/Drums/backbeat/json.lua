-- @noindex
-- JSON (RFC 8259), strictly: what Backbeat's files and answers are written in.
-- Objects and arrays become tables, null becomes `json.null`, whole numbers stay whole.

local json = {}

json.null = setmetatable({}, { __tostring = function() return "null" end })

local MAX_DEPTH = 64
local ESCAPES = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function fail(at, what)
  error({ json = true, message = ("no JSON at byte %d: %s"):format(at, what) }, 0)
end

local function skip_space(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

-- \uXXXX, and the second half of a surrogate pair where it is the first half of one.
local function unicode_escape(text, at)
  local hex = text:match("^%x%x%x%x", at + 2) or fail(at, "\\u needs four hexadecimal digits")
  local code = tonumber(hex, 16)
  if code >= 0xDC00 and code <= 0xDFFF then fail(at, "half a surrogate pair") end
  if code < 0xD800 or code > 0xDBFF then return utf8.char(code), at + 6 end
  local low = tonumber(text:match("^\\u(%x%x%x%x)", at + 6) or "0", 16)
  if low < 0xDC00 or low > 0xDFFF then fail(at, "half a surrogate pair") end
  return utf8.char(0x10000 + (code - 0xD800) * 0x400 + low - 0xDC00), at + 12
end

local function read_string(text, at)
  local parts, from = {}, at + 1
  while true do
    local stop = text:find('[%c"\\]', from) or fail(at, "a text without end")
    parts[#parts + 1] = text:sub(from, stop - 1)
    local char = text:sub(stop, stop)
    if char == '"' then return table.concat(parts), stop + 1 end
    if char == "\127" then
      parts[#parts + 1], from = char, stop + 1
    elseif char ~= "\\" then
      fail(stop, "a control character in a text")
    elseif text:sub(stop + 1, stop + 1) == "u" then
      parts[#parts + 1], from = unicode_escape(text, stop)
    else
      parts[#parts + 1] = ESCAPES[text:sub(stop + 1, stop + 1)] or fail(stop, "an unknown escape")
      from = stop + 2
    end
  end
end

local function read_number(text, at)
  local whole = text:match("^-?0", at) or text:match("^-?[1-9]%d*", at) or fail(at, "an unknown word")
  if whole:find("0$") and text:find("^-?0%d", at) then fail(at, "a number that begins with 0") end
  local stop = at + #whole
  local fraction = text:match("^%.%d+", stop) or ""
  local exponent = text:match("^[eE][+-]?%d+", stop + #fraction) or ""
  stop = stop + #fraction + #exponent
  if text:find("^[%w.+-]", stop) then fail(stop, "a number that goes on wrongly") end
  return tonumber(whole .. fraction .. exponent), stop
end

local read_value

local function read_array(text, at, depth)
  local array = {}
  at = skip_space(text, at + 1)
  if text:sub(at, at) == "]" then return array, at + 1 end
  while true do
    array[#array + 1], at = read_value(text, at, depth)
    at = skip_space(text, at)
    local char = text:sub(at, at)
    if char == "]" then return array, at + 1 end
    if char ~= "," then fail(at, "an array needs , or ] here") end
    at = skip_space(text, at + 1)
  end
end

local function read_object(text, at, depth)
  local object = {}
  at = skip_space(text, at + 1)
  if text:sub(at, at) == "}" then return object, at + 1 end
  while true do
    if text:sub(at, at) ~= '"' then fail(at, "a name in quotes belongs here") end
    local name
    local start = at
    name, at = read_string(text, at)
    if object[name] ~= nil then fail(start, "a name that was there before") end
    at = skip_space(text, at)
    if text:sub(at, at) ~= ":" then fail(at, "a colon belongs here") end
    object[name], at = read_value(text, skip_space(text, at + 1), depth)
    at = skip_space(text, at)
    local char = text:sub(at, at)
    if char == "}" then return object, at + 1 end
    if char ~= "," then fail(at, "an object needs , or } here") end
    at = skip_space(text, at + 1)
  end
end

local WORDS = { ["true"] = true, ["false"] = false, null = json.null }

function read_value(text, at, depth)
  if depth > MAX_DEPTH then fail(at, "too deep") end
  local char = text:sub(at, at)
  if char == "{" then return read_object(text, at, depth + 1) end
  if char == "[" then return read_array(text, at, depth + 1) end
  if char == '"' then return read_string(text, at) end
  local word = text:match("^%a+", at)
  if word and WORDS[word] ~= nil then return WORDS[word], at + #word end
  return read_number(text, at)
end

-- The value that `text` holds, or nil and what is wrong.
function json.decode(text)
  local ok, value, at = pcall(function()
    if not utf8.len(text) then fail(1, "it is not UTF-8") end
    return read_value(text, skip_space(text, 1), 0)
  end)
  if ok and skip_space(text, at) <= #text then
    return nil, ("no JSON at byte %d: something stands behind it"):format(at)
  end
  if ok then return value end
  if type(value) == "table" and value.json then return nil, value.message end
  error(value, 0)
end

local function quoted(text)
  local escaped = text:gsub('[%c"\\]', function(char) return ("\\u%04x"):format(char:byte()) end)
  return '"' .. escaped .. '"'
end

local function number_text(number)
  if math.type(number) == "integer" then return tostring(number) end
  assert(number == number and math.abs(number) ~= math.huge, "JSON has no such number")
  local text = ("%.15g"):format(number)
  return tonumber(text) == number and text or ("%.17g"):format(number)
end

-- One line of JSON, names sorted. A table with [1] is an array, every other table an object.
function json.encode(value)
  local kind = type(value)
  if value == json.null then return "null" end
  if kind == "string" then return quoted(value) end
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then return number_text(value) end
  assert(kind == "table", "JSON has no " .. kind)
  local parts = {}
  if value[1] ~= nil then
    for n, each in ipairs(value) do parts[n] = json.encode(each) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  local names = {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for n, name in ipairs(names) do parts[n] = quoted(name) .. ": " .. json.encode(value[name]) end
  return "{" .. table.concat(parts, ", ") .. "}"
end

return json
