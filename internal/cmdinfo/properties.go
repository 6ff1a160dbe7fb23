package cmdinfo

// inquiries are the commands that only ask. The HELP of every container is one
// of them too.
var inquiries = []string{
	"acl|cat", "acl|dryrun", "acl|genpass", "acl|getuser", "acl|list", "acl|users", "acl|whoami",
	"backup|list", "backup|status",
	"client|getname", "client|getredir", "client|id", "client|info", "client|list", "client|trackinginfo",
	"cluster|count-failure-reports", "cluster|countkeysinslot", "cluster|getkeysinslot",
	"cluster|getslotmigrations", "cluster|info", "cluster|keyslot", "cluster|links", "cluster|myid",
	"cluster|myshardid", "cluster|nodes", "cluster|replicas", "cluster|shards", "cluster|slaves",
	"cluster|slot-stats", "cluster|slots",
	"command", "command|count", "command|docs", "command|getkeys", "command|getkeysandflags",
	"command|info", "command|list",
	"commandlog|get", "commandlog|len",
	"config|get",
	"echo",
	"function|dump", "function|list", "function|stats",
	"hotkeys|get",
	"info",
	"lastsave",
	"latency|doctor", "latency|graph", "latency|histogram", "latency|history", "latency|latest",
	"memory|doctor", "memory|malloc-stats", "memory|stats",
	"module|list",
	"ping",
	"pubsub|channels", "pubsub|numpat", "pubsub|numsub", "pubsub|shardchannels", "pubsub|shardnumsub",
	"role",
	"script|exists", "script|show",
	"slowlog|get", "slowlog|len",
	"time",
}

// sessionCommands are the commands whose effect stays with their connection,
// or whose meaning depends on what the connection did before.
var sessionCommands = []string{
	"asking", "auth", "hello", "quit", "readonly", "readwrite", "reset", "select",
	"client|caching", "client|capa", "client|import-source", "client|no-evict", "client|no-touch",
	"client|reply", "client|setinfo", "client|setname", "client|tracking",
	"discard", "exec", "multi", "unwatch", "watch",
	"himport|discard", "himport|discardall", "himport|prepare", "himport|set",
	"monitor", "psync", "replconf", "sync",
	"psubscribe", "punsubscribe", "ssubscribe", "subscribe", "sunsubscribe", "unsubscribe",
	"script|debug",
	"wait", "waitaof",
}
