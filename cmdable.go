package redis

import (
	"context"
	"time"
)

// Cmdable has the commands that do not depend on which connection they are
// sent on. A client, a pipeline and a transaction all have them; in a pipeline
// they are collected, and have no reply before it is executed. The methods are
// described at [Client].
type Cmdable interface {
	Pipeline() Pipeliner
	Pipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error)
	TxPipeline() Pipeliner
	TxPipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error)

	BgRewriteAOF(ctx context.Context) *StatusCmd
	BgSave(ctx context.Context) *StatusCmd
	ClientGetName(ctx context.Context) *StringCmd
	ClientID(ctx context.Context) *IntCmd
	ClientInfo(ctx context.Context) *ClientInfoCmd
	ClientKill(ctx context.Context, ipPort string) *StatusCmd
	ClientKillByFilter(ctx context.Context, keys ...string) *IntCmd
	ClientList(ctx context.Context) *StringCmd
	ClientPause(ctx context.Context, dur time.Duration) *BoolCmd
	ClientTracking(ctx context.Context, on bool, opt *ClientTrackingOptions) *StatusCmd
	ClientTrackingOff(ctx context.Context) *StatusCmd
	ClientTrackingOn(ctx context.Context, opt *ClientTrackingOptions) *StatusCmd
	ClientUnblock(ctx context.Context, id int64) *IntCmd
	ClientUnblockWithError(ctx context.Context, id int64) *IntCmd
	ClientUnpause(ctx context.Context) *BoolCmd
	Command(ctx context.Context) *CommandsInfoCmd
	CommandGetKeys(ctx context.Context, commands ...any) *StringSliceCmd
	CommandGetKeysAndFlags(ctx context.Context, commands ...any) *KeyFlagsCmd
	CommandList(ctx context.Context, filter *FilterBy) *StringSliceCmd
	ConfigGet(ctx context.Context, parameter string) *MapStringStringCmd
	ConfigResetStat(ctx context.Context) *StatusCmd
	ConfigRewrite(ctx context.Context) *StatusCmd
	ConfigSet(ctx context.Context, parameter, value string) *StatusCmd
	DBSize(ctx context.Context) *IntCmd
	DebugObject(ctx context.Context, key string) *StringCmd
	Echo(ctx context.Context, message any) *StringCmd
	FlushAll(ctx context.Context) *StatusCmd
	FlushAllAsync(ctx context.Context) *StatusCmd
	FlushDB(ctx context.Context) *StatusCmd
	FlushDBAsync(ctx context.Context) *StatusCmd
	Info(ctx context.Context, section ...string) *StringCmd
	InfoMap(ctx context.Context, section ...string) *InfoCmd
	LastSave(ctx context.Context) *IntCmd
	Latency(ctx context.Context) *LatencyCmd
	LatencyReset(ctx context.Context, events ...any) *StatusCmd
	MemoryUsage(ctx context.Context, key string, samples ...int) *IntCmd
	ModuleLoadex(ctx context.Context, conf *ModuleLoadexConfig) *StringCmd
	Ping(ctx context.Context) *StatusCmd
	Quit(ctx context.Context) *StatusCmd
	ReplicaOf(ctx context.Context, host, port string) *StatusCmd
	Save(ctx context.Context) *StatusCmd
	Shutdown(ctx context.Context) *StatusCmd
	ShutdownNoSave(ctx context.Context) *StatusCmd
	ShutdownSave(ctx context.Context) *StatusCmd
	SlaveOf(ctx context.Context, host, port string) *StatusCmd
	SlowLogGet(ctx context.Context, num int64) *SlowLogCmd
	SlowLogLen(ctx context.Context) *IntCmd
	SlowLogReset(ctx context.Context) *StatusCmd
	Time(ctx context.Context) *TimeCmd
	Unlink(ctx context.Context, keys ...string) *IntCmd

	ACLCmdable
	BitMapCmdable
	ClusterCmdable
	GenericCmdable
	GeoCmdable
	HashCmdable
	HyperLogLogCmdable
	ListCmdable
	PubSubCmdable
	ScriptingFunctionsCmdable
	SetCmdable
	SortedSetCmdable
	StreamCmdable
	StringCmdable
}

// StatefulCmdable adds the commands that change the connection they are sent
// on. What a client shares among its callers does not have them.
type StatefulCmdable interface {
	Cmdable
	Auth(ctx context.Context, password string) *StatusCmd
	AuthACL(ctx context.Context, username, password string) *StatusCmd
	ClientSetInfo(ctx context.Context, info LibraryInfo) *StatusCmd
	ClientSetName(ctx context.Context, name string) *BoolCmd
	Hello(ctx context.Context, ver int, username, password, clientName string) *MapStringInterfaceCmd
	Select(ctx context.Context, index int) *StatusCmd
	SwapDB(ctx context.Context, index1, index2 int) *StatusCmd
}

// statefulCmdable has the methods that only StatefulCmdable has.
type statefulCmdable func(ctx context.Context, cmd Cmder) error
