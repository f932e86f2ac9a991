-- A stand-in for LuaSocket's core: UDP sockets that are connected to the fake daemon. lose: how many packets get lost.

local fake_socket = {}

local function padded(text) return text .. ("\0"):rep(4 - #text % 4) end

local ORDER = {
  pong = { "version" }, accepted = { "job", "path" }, progress = { "job", "stage", "fraction" }, cancelled = { "job" },
  done = { "job", "midi", "musicxml", "pdf", "json", "bpm", "confidence", "hits" }, failed = { "job", "code", "message" },
  error = { "address", "message" }, job = { "job", "state", "fraction", "path" },
}

local function packet_of(event)
  local types, data = {}, {}
  for _, name in ipairs(ORDER[event.event]) do
    local value = event[name]
    local kind = type(value) == "string" and "s" or math.type(value) == "integer" and "i" or "f"
    types[#types + 1] = kind
    data[#data + 1] = kind == "s" and padded(value) or (">" .. (kind == "i" and "i4" or "f")):pack(value)
  end
  return padded("/backbeat/" .. event.event) .. padded("," .. table.concat(types)) .. table.concat(data)
end

local function words_of(packet)
  local words = {}
  for word in packet:gmatch("[^\0]+") do words[#words + 1] = word end
  return words
end

local function new_udp(daemon, socket)
  local udp, waiting = {}, {}
  local function tell(event)
    if socket.lose > 0 then
      socket.lose = socket.lose - 1
    else
      waiting[#waiting + 1] = packet_of(event)
    end
  end
  function udp:setpeername(host, port)
    udp.host, udp.port = host, port
    return self
  end
  function udp:settimeout(seconds) -- luacheck: ignore 212/self
    assert(seconds == 0, "REAPER must not wait")
  end
  function udp:send(packet) -- luacheck: ignore 212/self
    assert(not udp.closed and #packet % 4 == 0)
    local words = words_of(packet)
    socket.sent[#socket.sent + 1] = words
    if not daemon.runs then return nil, "connection refused" end
    if words[1] == "/backbeat/ping" then tell({ event = "pong", version = "1.0" }) end
    if words[1] == "/backbeat/transcribe" then daemon:submit(words[3], tell) end
    if words[1] == "/backbeat/cancel" then daemon:cancel(words[3]) end
    if words[1] == "/backbeat/status" then
      tell({ event = "job", job = words[3], state = daemon.state or "running", fraction = 0.5, path = "" })
    end
    return #packet
  end
  function udp:receive() -- luacheck: ignore 212/self
    if not daemon.runs and not daemon.is_mute then return nil, "refused" end
    local packet = table.remove(waiting, 1)
    if packet then return packet end
    return nil, "timeout"
  end
  function udp:close() -- luacheck: ignore 212/self
    udp.closed = true
  end
  return udp
end

function fake_socket.new(daemon)
  local socket = { lose = 0, sent = {} }
  function socket.udp() return new_udp(daemon, socket) end
  return socket
end

return fake_socket
