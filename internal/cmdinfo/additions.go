package cmdinfo

// corrections replace rows of the generated table in which Redis 7.0 is wrong
// or has been overtaken by later versions.
//
// The tip of later versions that CLIENT SETNAME and CLIENT SETINFO concern all
// nodes is left out: it is meant for clients with one connection a node.
var corrections = []Command{
	{Name: "acl|deluser", Arity: -3, Flags: NoScript | Admin, Request: ReqAllNodes, Response: RespAllSucceeded},
	// The servers have no tip for these two. Each node has a log and a file of its
	// own, as it has a slow log and a configuration.
	{Name: "acl|load", Arity: 2, Flags: NoScript | Admin, Request: ReqAllNodes, Response: RespAllSucceeded},
	{Name: "acl|log", Arity: -2, Flags: NoScript | Admin, Request: ReqAllNodes},
	{Name: "acl|save", Arity: 2, Flags: NoScript | Admin, Request: ReqAllNodes, Response: RespAllSucceeded},
	{Name: "acl|setuser", Arity: -3, Flags: NoScript | Admin, Request: ReqAllNodes, Response: RespAllSucceeded},
	{Name: "command|getkeys", Arity: -3},
	{Name: "command|getkeysandflags", Arity: -3},
	{Name: "config|resetstat", Arity: 2, Flags: NoScript | Admin, Request: ReqAllNodes, Response: RespAllSucceeded},
	{Name: "config|rewrite", Arity: 2, Flags: NoScript | Admin, Request: ReqAllNodes, Response: RespAllSucceeded},
	// The servers tell of no key, and answer for their own keys only.
	{Name: "debug", Arity: -2, Flags: NoScript | Admin | MovableKeys, specs: []keySpec{{word: "object", at: 1, step: 1}}},
	{Name: "latency|reset", Arity: -2, Flags: NoScript | Admin, Request: ReqAllNodes, Response: RespSum},
	// All its keys are set or none is, so it cannot be split.
	{Name: "msetnx", Arity: -3, FirstKey: 1, LastKey: -1, KeyStep: 2, Flags: Write},
	// The servers have no tips for these. Each node knows of its own subscribers only,
	// and these may be at replicas.
	{Name: "pubsub|channels", Arity: -2, Flags: PubSub, Request: ReqAllNodes, Response: RespSpecial},
	{Name: "pubsub|numpat", Arity: 2, Flags: PubSub, Request: ReqAllNodes, Response: RespSum},
	{Name: "pubsub|numsub", Arity: -2, Flags: PubSub, Request: ReqAllNodes, Response: RespSpecial},
	{Name: "pubsub|shardchannels", Arity: -2, Flags: PubSub, Request: ReqAllNodes, Response: RespSpecial},
	{Name: "pubsub|shardnumsub", Arity: -2, Flags: PubSub, Request: ReqAllNodes, Response: RespSpecial},
	{Name: "randomkey", Arity: 1, Flags: ReadOnly, Request: ReqAllShards, Response: RespSpecial},
	{Name: "scan", Arity: -2, Flags: ReadOnly, Request: ReqSpecial, Response: RespSpecial},
	{Name: "wait", Arity: 3, Flags: Blocking, Request: ReqAllShards, Response: RespMin},
	{Name: "zrank", Arity: -3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "zrevrank", Arity: -3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},

	// The server's key specifications of these two are incomplete.
	{Name: "migrate", Arity: -6, FirstKey: 3, LastKey: 3, KeyStep: 1, Flags: Write | MovableKeys, specs: []keySpec{{find: findMigrateKeys}}},
	{Name: "sort", Arity: -2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | MovableKeys, specs: []keySpec{{at: 1, step: 1}, {find: findSortStore}}},
}

// additions are commands that Redis 7.0 does not have.
var additions = []Command{
	// Redis 7.2
	{Name: "client|no-touch", Arity: 3, Flags: NoScript},
	{Name: "client|setinfo", Arity: 4, Flags: NoScript},
	{Name: "cluster|myshardid", Arity: 2},
	{Name: "waitaof", Arity: 4, Flags: Blocking, Request: ReqAllShards, Response: RespMin},

	// Redis 7.4
	{Name: "hexpire", Arity: -6, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "hexpireat", Arity: -6, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "hexpiretime", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "hpersist", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "hpexpire", Arity: -6, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "hpexpireat", Arity: -6, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "hpexpiretime", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "hpttl", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "httl", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},

	// Redis 8
	{Name: "backup", Arity: 2},
	{Name: "backup|abort", Arity: 2, Flags: NoScript | Admin},
	{Name: "backup|cleanup", Arity: 2, Flags: NoScript | Admin},
	{Name: "backup|help", Arity: 2},
	{Name: "backup|list", Arity: 2, Flags: Admin},
	{Name: "backup|seal", Arity: 2, Flags: NoScript | Admin},
	{Name: "backup|start", Arity: 2, Flags: NoScript | Admin},
	{Name: "backup|status", Arity: 2, Flags: Admin},
	{Name: "blmovem", Arity: -6, FirstKey: 1, LastKey: 2, KeyStep: 1, Flags: Write | Blocking},
	{Name: "cluster|migration", Arity: -4, Flags: Admin},
	{Name: "cluster|slot-stats", Arity: -4, Request: ReqAllShards},
	{Name: "cluster|syncslots", Arity: -3, Flags: Admin},
	{Name: "delex", Arity: -2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "digest", Arity: 2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "hgetdel", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "hgetex", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "himport", Arity: -2},
	{Name: "himport|discard", Arity: 3, Request: ReqAllShards},
	{Name: "himport|discardall", Arity: 2, Request: ReqAllShards},
	{Name: "himport|prepare", Arity: -4, Request: ReqAllShards},
	{Name: "himport|set", Arity: -5, FirstKey: 2, LastKey: 2, KeyStep: 1, Flags: Write},
	{Name: "hotkeys", Arity: -2},
	{Name: "hotkeys|get", Arity: 2, Flags: NoScript | Admin, Request: ReqSpecial, Response: RespSpecial},
	{Name: "hotkeys|help", Arity: 2},
	{Name: "hotkeys|reset", Arity: 2, Flags: NoScript | Admin, Request: ReqSpecial},
	{Name: "hotkeys|start", Arity: -2, Flags: NoScript | Admin, Request: ReqSpecial},
	{Name: "hotkeys|stop", Arity: 2, Flags: NoScript | Admin, Request: ReqSpecial},
	{Name: "hsetex", Arity: -6, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "increx", Arity: -2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "lmovem", Arity: -5, FirstKey: 1, LastKey: 2, KeyStep: 1, Flags: Write},
	// With NX or XX, MSETEX sets all its keys or none and cannot be split.
	{Name: "msetex", Arity: -4, Flags: Write | MovableKeys, Request: ReqMultiShard, Response: RespAllSucceeded, specs: []keySpec{{at: 1, find: findCounted, first: 1, step: 2}}},
	{Name: "sdiffcard", Arity: -3, Flags: ReadOnly | MovableKeys, specs: []keySpec{{at: 1, find: findCounted, first: 1, step: 1}}},
	{Name: "sunioncard", Arity: -3, Flags: ReadOnly | MovableKeys, specs: []keySpec{{at: 1, find: findCounted, first: 1, step: 1}}},
	{Name: "trimslots", Arity: -5, Flags: Write},
	{Name: "xackdel", Arity: -6, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "xcfgset", Arity: -2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "xdelex", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "xidmprecord", Arity: 5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "xnack", Arity: -7, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},

	// Redis 8, arrays
	{Name: "arcount", Arity: 2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "ardel", Arity: -3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "ardelrange", Arity: -4, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write},
	{Name: "arget", Arity: 3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "argetrange", Arity: 4, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},
	{Name: "argrep", Arity: -6, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},
	{Name: "arinfo", Arity: -2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},
	{Name: "arinsert", Arity: -3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "arlastitems", Arity: -3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},
	{Name: "arlen", Arity: 2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "armget", Arity: -3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "armset", Arity: -4, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "arnext", Arity: 2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "arop", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},
	{Name: "arring", Arity: -4, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write},
	{Name: "arscan", Arity: -4, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},
	{Name: "arseek", Arity: 3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "arset", Arity: -4, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},

	// Redis 8, vector sets
	{Name: "vadd", Arity: -5, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write},
	{Name: "vcard", Arity: 2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "vdim", Arity: 2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "vemb", Arity: -3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "vgetattr", Arity: 3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "vinfo", Arity: 2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "vismember", Arity: 3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},
	{Name: "vlinks", Arity: -3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast},
	{Name: "vrandmember", Arity: -2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},
	{Name: "vrange", Arity: -4, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},
	{Name: "vrem", Arity: 3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write},
	{Name: "vsetattr", Arity: 4, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "vsim", Arity: -4, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly},

	// Valkey 8 and 9
	{Name: "client|capa", Arity: -3, Flags: NoScript},
	{Name: "client|import-source", Arity: 3, Flags: NoScript},
	{Name: "cluster|cancelslotmigrations", Arity: 2, Flags: Admin},
	{Name: "cluster|flushslot", Arity: -3, Flags: Write | Admin},
	{Name: "cluster|getslotmigrations", Arity: 2, Flags: Admin},
	{Name: "cluster|migrateslots", Arity: -4, Flags: Admin},
	// The cursor carries a hash tag of the slot that the scan has come to.
	{Name: "clusterscan", Arity: -2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly, Request: ReqSpecial, Response: RespSpecial},
	{Name: "commandlog", Arity: -2},
	{Name: "commandlog|get", Arity: 4, Flags: Admin, Request: ReqAllNodes},
	{Name: "commandlog|help", Arity: 2},
	{Name: "commandlog|len", Arity: 3, Flags: Admin, Request: ReqAllNodes, Response: RespSum},
	{Name: "commandlog|reset", Arity: 3, Flags: Admin, Request: ReqAllNodes, Response: RespAllSucceeded},
	{Name: "delifeq", Arity: 3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | Fast},
	{Name: "script|show", Arity: 3, Flags: NoScript},
}
