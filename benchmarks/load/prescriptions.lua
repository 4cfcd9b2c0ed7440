-- What wrk sends: `list`, `read` or `dispense`, each request with the next key, from the line that OFFSET names on.
-- usage: wrk -t1 … -s prescriptions.lua URL -- KIND FILE OFFSET
-- It prints one JSON object at the end. `used` says how many lines were taken: a dispense is never sent twice.
local kind, lines, at, stop_at
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  kind, lines = args[1], {}
  for line in io.lines(args[2]) do
    lines[#lines + 1] = line
  end
  at = tonumber(args[3])
  stop_at = kind == "dispense" and #lines or math.huge
  used = 0
end

function request()
  if at >= stop_at then
    wrk.thread:stop()
  end
  local line = lines[at % #lines + 1]
  at = at + 1
  used = used + 1
  if kind == "list" then
    return wrk.format("GET", "/api/public/v1/prescriptions?limit=20", { ["X-API-Key"] = line })
  end
  local id, key = line:match("(%d+)\t(%S+)")
  local path = "/api/public/v1/prescriptions/" .. id
  if kind == "read" then
    return wrk.format("GET", path, { ["X-API-Key"] = key })
  end
  return wrk.format("POST", path .. "/dispense", { ["X-API-Key"] = key, ["Content-Type"] = "application/json" }, "{}")
end

function done(summary, latency)
  local taken = 0
  for _, thread in ipairs(threads) do
    taken = taken + thread:get("used")
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.3f, "p50_ms": %.2f, "p99_ms": %.2f, "not_2xx": %d, "broken": %d, "used": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, taken))
end
