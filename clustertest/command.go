package clustertest

import "strings"

// flags of a command.
type flags uint8

const (
	write  flags = 1 << iota // changes data: replicas refuse it
	blocks                   // may wait for data (XREAD and XREADGROUP only with BLOCK)
	script                   // runs Lua: counted as a write, but harmless without keys
	noAuth                   // allowed before authentication
	inTx                     // handled by the front, and allowed between MULTI and EXEC
	inSub                    // allowed to a RESP2 connection that has subscriptions
)

// command is what the front knows of a command. What it does not know it leaves
// to miniredis.
type command struct {
	arity int // number of arguments with the name; negative means at least
	flags flags
	keys  keySpec
}

func (c command) is(f flags) bool { return c.flags&f != 0 }

// allows reports whether the command takes n arguments, its name included.
func (c command) allows(n int) bool {
	if c.arity < 0 {
		return n >= -c.arity
	}
	return n == c.arity
}

// blocksWith reports whether the command with these arguments may wait.
func (c command) blocksWith(args []string) bool {
	if !c.is(blocks) {
		return false
	}
	if strings.HasPrefix(strings.ToUpper(args[0]), "XREAD") {
		return indexFold(args[1:], "BLOCK") >= 0 && !readsOwn(args)
	}
	return true
}

// unlisted is assumed of a command that somebody added to the miniredis
// instance: the first argument is its key, and it may write.
var unlisted = command{-1, write, firstArg}

// commands lists what miniredis implements and what the front adds to it.
var commands = map[string]command{
	// connection, cluster and server: handled by the front
	"ACL":       {-2, 0, noKeys},
	"ASKING":    {1, inTx, noKeys},
	"AUTH":      {-2, noAuth, noKeys},
	"CLIENT":    {-2, 0, noKeys},
	"CLUSTER":   {-2, 0, noKeys},
	"COMMAND":   {-1, 0, noKeys},
	"CONFIG":    {-2, 0, noKeys},
	"HELLO":     {-1, noAuth, noKeys},
	"INFO":      {-1, 0, noKeys},
	"LASTSAVE":  {1, 0, noKeys},
	"LATENCY":   {-2, 0, noKeys},
	"MONITOR":   {1, 0, noKeys},
	"MOVE":      {3, 0, noKeys},
	"QUIT":      {-1, noAuth | inTx | inSub, noKeys},
	"READONLY":  {1, 0, noKeys},
	"READWRITE": {1, 0, noKeys},
	"RESET":     {1, noAuth | inTx | inSub, noKeys},
	"ROLE":      {1, 0, noKeys},
	"SELECT":    {2, 0, noKeys},
	"SLOWLOG":   {-2, 0, noKeys},
	"SWAPDB":    {3, 0, noKeys},
	"WAIT":      {3, 0, noKeys},

	"DBSIZE":    {1, 0, noKeys},
	"ECHO":      {2, 0, noKeys},
	"FLUSHALL":  {-1, write | inTx, noKeys},
	"FLUSHDB":   {-1, write | inTx, noKeys},
	"PING":      {-1, inTx | inSub, noKeys},
	"RANDOMKEY": {1, 0, noKeys},
	"TIME":      {1, 0, noKeys},

	// transactions
	"DISCARD": {1, inTx, noKeys},
	"EXEC":    {1, inTx, noKeys},
	"MULTI":   {1, inTx, noKeys},
	"UNWATCH": {1, 0, noKeys},
	"WATCH":   {-2, 0, allArgs},

	// publish and subscribe: handled by the front
	"PSUBSCRIBE":   {-2, inSub, noKeys},
	"PUBLISH":      {3, inTx, noKeys},
	"PUBSUB":       {-2, 0, noKeys},
	"PUNSUBSCRIBE": {-1, inSub, noKeys},
	"SPUBLISH":     {3, 0, firstArg},
	"SSUBSCRIBE":   {-2, inSub, allArgs},
	"SUBSCRIBE":    {-2, inSub, noKeys},
	"SUNSUBSCRIBE": {-1, inSub, noKeys},
	"UNSUBSCRIBE":  {-1, inSub, noKeys},

	// scripts
	"EVAL":       {-3, write | script | inTx, counted(2)},
	"EVALSHA":    {-3, write | script | inTx, counted(2)},
	"EVALSHA_RO": {-3, script | inTx, counted(2)},
	"EVAL_RO":    {-3, script | inTx, counted(2)},
	"FCALL":      {-3, write | script | inTx, counted(2)},
	"FCALL_RO":   {-3, script | inTx, counted(2)},
	"FUNCTION":   {-2, 0, noKeys},
	"SCRIPT":     {-2, 0, noKeys},

	// keys of any type
	"COPY":        {-3, write | inTx, span(1, 2, 1)},
	"DEL":         {-2, write, allArgs},
	"DUMP":        {2, 0, firstArg},
	"EXISTS":      {-2, 0, allArgs},
	"EXPIRE":      {-3, write, firstArg},
	"EXPIREAT":    {-3, write, firstArg},
	"EXPIRETIME":  {2, 0, firstArg},
	"KEYS":        {2, 0, noKeys},
	"MEMORY":      {-2, 0, span(2, 2, 1)},
	"OBJECT":      {-2, 0, span(2, 2, 1)},
	"PERSIST":     {2, write, firstArg},
	"PEXPIRE":     {-3, write, firstArg},
	"PEXPIREAT":   {-3, write, firstArg},
	"PEXPIRETIME": {2, 0, firstArg},
	"PTTL":        {2, 0, firstArg},
	"RENAME":      {3, write, span(1, 2, 1)},
	"RENAMENX":    {3, write, span(1, 2, 1)},
	"RESTORE":     {-4, write, firstArg},
	"SCAN":        {-2, inTx, noKeys},
	"SORT":        {-2, write, firstAndWords(2, "STORE")},
	"SORT_RO":     {-2, 0, firstArg},
	"TOUCH":       {-2, 0, allArgs},
	"TTL":         {2, 0, firstArg},
	"TYPE":        {2, 0, firstArg},
	"UNLINK":      {-2, write, allArgs},

	// strings, bits, HyperLogLogs
	"APPEND":      {3, write, firstArg},
	"BITCOUNT":    {-2, 0, firstArg},
	"BITFIELD":    {-2, write, firstArg},
	"BITFIELD_RO": {-2, 0, firstArg},
	"BITOP":       {-4, write, span(2, -1, 1)},
	"BITPOS":      {-3, 0, firstArg},
	"DECR":        {2, write, firstArg},
	"DECRBY":      {3, write, firstArg},
	"DELEX":       {-2, write, firstArg},
	"GET":         {2, 0, firstArg},
	"GETBIT":      {3, 0, firstArg},
	"GETDEL":      {2, write, firstArg},
	"GETEX":       {-2, write, firstArg},
	"GETRANGE":    {4, 0, firstArg},
	"GETSET":      {3, write, firstArg},
	"INCR":        {2, write, firstArg},
	"INCRBY":      {3, write, firstArg},
	"INCRBYFLOAT": {3, write, firstArg},
	"LCS":         {-3, 0, span(1, 2, 1)},
	"MGET":        {-2, 0, allArgs},
	"MSET":        {-3, write, span(1, -1, 2)},
	"MSETNX":      {-3, write, span(1, -1, 2)},
	"PFADD":       {-2, write, firstArg},
	"PFCOUNT":     {-2, 0, allArgs},
	"PFMERGE":     {-2, write, allArgs},
	"PSETEX":      {4, write, firstArg},
	"SET":         {-3, write, firstArg},
	"SETBIT":      {4, write, firstArg},
	"SETEX":       {4, write, firstArg},
	"SETNX":       {3, write, firstArg},
	"SETRANGE":    {4, write, firstArg},
	"STRLEN":      {2, 0, firstArg},
	"SUBSTR":      {4, 0, firstArg},

	// hashes
	"HDEL":         {-3, write, firstArg},
	"HEXISTS":      {3, 0, firstArg},
	"HEXPIRE":      {-6, write, firstArg},
	"HEXPIREAT":    {-6, write, firstArg},
	"HEXPIRETIME":  {-5, 0, firstArg},
	"HGET":         {3, 0, firstArg},
	"HGETALL":      {2, 0, firstArg},
	"HGETDEL":      {-5, write, firstArg},
	"HGETEX":       {-5, write, firstArg},
	"HINCRBY":      {4, write, firstArg},
	"HINCRBYFLOAT": {4, write, firstArg},
	"HKEYS":        {2, 0, firstArg},
	"HLEN":         {2, 0, firstArg},
	"HMGET":        {-3, 0, firstArg},
	"HMSET":        {-4, write, firstArg},
	"HPERSIST":     {-5, write, firstArg},
	"HPEXPIRE":     {-6, write, firstArg},
	"HPEXPIREAT":   {-6, write, firstArg},
	"HPEXPIRETIME": {-5, 0, firstArg},
	"HPTTL":        {-5, 0, firstArg},
	"HRANDFIELD":   {-2, 0, firstArg},
	"HSCAN":        {-3, 0, firstArg},
	"HSET":         {-4, write, firstArg},
	"HSETEX":       {-6, write, firstArg},
	"HSETNX":       {4, write, firstArg},
	"HSTRLEN":      {3, 0, firstArg},
	"HTTL":         {-5, 0, firstArg},
	"HVALS":        {2, 0, firstArg},

	// lists
	"BLMPOP":     {-5, write | blocks, counted(2)},
	"BLMOVE":     {6, write | blocks, span(1, 2, 1)},
	"BLPOP":      {-3, write | blocks, span(1, -2, 1)},
	"BRPOP":      {-3, write | blocks, span(1, -2, 1)},
	"BRPOPLPUSH": {4, write | blocks, span(1, 2, 1)},
	"LINDEX":     {3, 0, firstArg},
	"LINSERT":    {5, write, firstArg},
	"LLEN":       {2, 0, firstArg},
	"LMOVE":      {5, write, span(1, 2, 1)},
	"LMPOP":      {-4, write, counted(1)},
	"LPOP":       {-2, write, firstArg},
	"LPOS":       {-3, 0, firstArg},
	"LPUSH":      {-3, write, firstArg},
	"LPUSHX":     {-3, write, firstArg},
	"LRANGE":     {4, 0, firstArg},
	"LREM":       {4, write, firstArg},
	"LSET":       {4, write, firstArg},
	"LTRIM":      {4, write, firstArg},
	"RPOP":       {-2, write, firstArg},
	"RPOPLPUSH":  {3, write, span(1, 2, 1)},
	"RPUSH":      {-3, write, firstArg},
	"RPUSHX":     {-3, write, firstArg},

	// sets
	"SADD":        {-3, write, firstArg},
	"SCARD":       {2, 0, firstArg},
	"SDIFF":       {-2, 0, allArgs},
	"SDIFFSTORE":  {-3, write, allArgs},
	"SINTER":      {-2, 0, allArgs},
	"SINTERCARD":  {-3, 0, counted(1)},
	"SINTERSTORE": {-3, write, allArgs},
	"SISMEMBER":   {3, 0, firstArg},
	"SMEMBERS":    {2, 0, firstArg},
	"SMISMEMBER":  {-3, 0, firstArg},
	"SMOVE":       {4, write, span(1, 2, 1)},
	"SPOP":        {-2, write, firstArg},
	"SRANDMEMBER": {-2, 0, firstArg},
	"SREM":        {-3, write, firstArg},
	"SSCAN":       {-3, 0, firstArg},
	"SUNION":      {-2, 0, allArgs},
	"SUNIONSTORE": {-3, write, allArgs},

	// sorted sets and places
	"BZMPOP":               {-5, write | blocks, counted(2)},
	"BZPOPMAX":             {-3, write | blocks, span(1, -2, 1)},
	"BZPOPMIN":             {-3, write | blocks, span(1, -2, 1)},
	"GEOADD":               {-5, write, firstArg},
	"GEODIST":              {-4, 0, firstArg},
	"GEOHASH":              {-2, 0, firstArg},
	"GEOPOS":               {-2, 0, firstArg},
	"GEORADIUS":            {-6, write | inTx, firstAndWords(6, "STORE", "STOREDIST")},
	"GEORADIUSBYMEMBER":    {-5, write | inTx, firstAndWords(5, "STORE", "STOREDIST")},
	"GEORADIUSBYMEMBER_RO": {-5, inTx, firstArg},
	"GEORADIUS_RO":         {-6, inTx, firstArg},
	"GEOSEARCH":            {-7, inTx, firstArg},
	"GEOSEARCHSTORE":       {-8, write, span(1, 2, 1)},
	"ZADD":                 {-4, write, firstArg},
	"ZCARD":                {2, 0, firstArg},
	"ZCOUNT":               {4, 0, firstArg},
	"ZDIFF":                {-3, 0, counted(1)},
	"ZDIFFSTORE":           {-4, write, firstAndCounted(2)},
	"ZINCRBY":              {4, write, firstArg},
	"ZINTER":               {-3, 0, counted(1)},
	"ZINTERCARD":           {-3, 0, counted(1)},
	"ZINTERSTORE":          {-4, write, firstAndCounted(2)},
	"ZLEXCOUNT":            {4, 0, firstArg},
	"ZMPOP":                {-4, write, counted(1)},
	"ZMSCORE":              {-3, 0, firstArg},
	"ZPOPMAX":              {-2, write, firstArg},
	"ZPOPMIN":              {-2, write, firstArg},
	"ZRANDMEMBER":          {-2, 0, firstArg},
	"ZRANGE":               {-4, 0, firstArg},
	"ZRANGEBYLEX":          {-4, 0, firstArg},
	"ZRANGEBYSCORE":        {-4, 0, firstArg},
	"ZRANGESTORE":          {-5, write, span(1, 2, 1)},
	"ZRANK":                {-3, 0, firstArg},
	"ZREM":                 {-3, write, firstArg},
	"ZREMRANGEBYLEX":       {4, write, firstArg},
	"ZREMRANGEBYRANK":      {4, write, firstArg},
	"ZREMRANGEBYSCORE":     {4, write, firstArg},
	"ZREVRANGE":            {-4, 0, firstArg},
	"ZREVRANGEBYLEX":       {-4, 0, firstArg},
	"ZREVRANGEBYSCORE":     {-4, 0, firstArg},
	"ZREVRANK":             {-3, 0, firstArg},
	"ZSCAN":                {-3, 0, firstArg},
	"ZSCORE":               {3, 0, firstArg},
	"ZUNION":               {-3, 0, counted(1)},
	"ZUNIONSTORE":          {-4, write, firstAndCounted(2)},

	// streams
	"XACK":       {-4, write, firstArg},
	"XADD":       {-5, write, firstArg},
	"XAUTOCLAIM": {-6, write, firstArg},
	"XCLAIM":     {-6, write, firstArg},
	"XDEL":       {-3, write, firstArg},
	"XGROUP":     {-2, write, span(2, 2, 1)},
	"XINFO":      {-2, 0, span(2, 2, 1)},
	"XLEN":       {2, 0, firstArg},
	"XPENDING":   {-3, 0, firstArg},
	"XRANGE":     {-4, 0, firstArg},
	"XREAD":      {-4, blocks, streams},
	"XREADGROUP": {-7, write | blocks, streams},
	"XREVRANGE":  {-4, 0, firstArg},
	"XTRIM":      {-4, write, firstArg},
}
