-- Prosody for anonymous clients by WebSocket (RFC 7395), who meet in rooms (XEP-0045).
pidfile = "${dir}/prosody.pid"
data_path = "${dir}/data"
run_as_root = true
log = { warn = "*console" }

modules_enabled = { "saslauth", "websocket" }
modules_disabled = { "s2s" }
http_interfaces = { "127.0.0.1" }
http_ports = { ${port} }
http_default_host = "localhost"
https_ports = {}
c2s_ports = {}
s2s_ports = {}
consider_websocket_secure = true

VirtualHost "localhost"
authentication = "anonymous"

-- Rooms are open, and keep no history: a client receives what is said from now on.
Component "rooms.localhost" "muc"
restrict_room_creation = false
muc_room_locking = false
muc_room_default_history_length = 0
