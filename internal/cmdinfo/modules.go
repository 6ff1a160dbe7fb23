package cmdinfo

import "strings"

// moduleGroups are the commands of the modules that come with Redis 8 (and of
// the same modules loaded elsewhere), by what they have in common. Their arity
// is left out.
var moduleGroups = []struct {
	like  Command
	names string
}{
	{Command{FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly}, `
		bf.card bf.debug bf.exists bf.info bf.mexists bf.scandump
		cf.compact cf.count cf.debug cf.exists cf.info cf.mexists cf.scandump
		cms.info cms.query
		ft.sugget ft.suglen
		json.arrindex json.arrlen json.get json.objkeys json.objlen json.resp json.strlen json.type
		tdigest.byrank tdigest.byrevrank tdigest.cdf tdigest.info tdigest.max tdigest.min
		tdigest.quantile tdigest.rank tdigest.revrank tdigest.trimmed_mean
		topk.count topk.info topk.list topk.query
		ts.get ts.info ts.range ts.read ts.revrange`},
	{Command{FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write}, `
		bf.add bf.insert bf.loadchunk bf.madd bf.reserve
		cf.add cf.addnx cf.del cf.insert cf.insertnx cf.loadchunk cf.reserve
		cms.incrby cms.initbydim cms.initbyprob
		ft.sugadd ft.sugdel
		json.arrappend json.arrinsert json.arrpop json.arrtrim json.clear json.del json.forget
		json.merge json.numincrby json.nummultby json.numpowby json.set json.strappend json.toggle
		tdigest.add tdigest.create tdigest.reset
		topk.add topk.incrby topk.reserve
		ts.add ts.alter ts.create ts.decrby ts.del ts.incrby`},
	{Command{FirstKey: 1, LastKey: 2, KeyStep: 1, Flags: Write}, `ts.createrule ts.deleterule`},
	{Command{FirstKey: 1, LastKey: -1, KeyStep: 3, Flags: Write}, `json.mset ts.madd`},
	{Command{FirstKey: 1, LastKey: -2, KeyStep: 1, Flags: ReadOnly}, `json.mget`},
	{Command{FirstKey: 2, LastKey: 2, KeyStep: 1, Flags: ReadOnly}, `json.debug|memory`},

	// A destination, then the counted sources.
	{Command{Flags: Write | MovableKeys, specs: []keySpec{{at: 1, step: 1}, {at: 2, find: findCounted, first: 1, step: 1}}},
		`cms.merge tdigest.merge`},
	{Command{Flags: ReadOnly | MovableKeys, specs: []keySpec{{at: 1, find: findCounted, first: 1, step: 1}}},
		`ts.nrange ts.nrevrange`},

	// The index is not a key: the modules ask the other shards themselves.
	{Command{Flags: ReadOnly}, `
		ft.aggregate ft.aliaslist ft.config ft.config|get ft.config|help ft.cursor ft.cursor|gc ft.dictdump
		ft.explain ft.explaincli ft.hybrid ft.info ft.profile ft.search ft.spellcheck ft.syndump
		ft.tagvals ft._list
		json.debug json.debug|help
		ts.mget ts.mrange ts.mrevrange ts.queryindex ts.querylabels`},
	{Command{Flags: Write}, `
		ft.aliasadd ft.aliasdel ft.aliasupdate ft.alter ft.config|set ft.create ft.dictadd ft.dictdel
		ft.drop ft.dropindex ft.synadd ft.synupdate
		ft._aliasaddifnx ft._aliasdelifx ft._alterifnx ft._createifnx ft._dropifx ft._dropindexifx`},
	// A cursor lives on the node that opened it, and reading moves it on, so
	// that these two are not read-only, whatever the server calls them.
	{Command{Request: ReqSpecial}, `ft.cursor|del ft.cursor|read`},
}

func moduleCommands() []Command {
	var rows []Command
	for _, group := range moduleGroups {
		for _, name := range strings.Fields(group.names) {
			row := group.like
			row.Name = name
			rows = append(rows, row)
		}
	}
	return rows
}
