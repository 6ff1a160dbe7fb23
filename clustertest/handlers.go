package clustertest

import "time"

// handlers are the commands that the front answers itself, or changes before
// miniredis sees them. All others go through conn.routed.
var handlers = map[string]func(c *conn, args []string){
	"ACL":       cmdACL,
	"ASKING":    cmdAsking,
	"AUTH":      cmdAuth,
	"CLIENT":    cmdClient,
	"CLUSTER":   cmdCluster,
	"COMMAND":   cmdCommand,
	"CONFIG":    cmdConfig,
	"HELLO":     cmdHello,
	"INFO":      cmdInfo,
	"LASTSAVE":  func(c *conn, _ []string) { c.node.stats.ran("LASTSAVE"); c.peer.WriteInt(int(time.Now().Unix())) },
	"LATENCY":   cmdLatency,
	"MONITOR":   cmdMonitor,
	"PING":      cmdPing,
	"QUIT":      cmdQuit,
	"READONLY":  cmdReadonly,
	"READWRITE": cmdReadwrite,
	"RESET":     cmdReset,
	"ROLE":      cmdRole,
	"SLOWLOG":   cmdSlowlog,
	"WAIT":      cmdWait,

	"GEORADIUS":            cmdNearest,
	"GEORADIUSBYMEMBER":    cmdNearest,
	"GEORADIUSBYMEMBER_RO": cmdNearest,
	"GEORADIUS_RO":         cmdNearest,
	"GEOSEARCH":            cmdNearest,

	"COPY":     cmdCopy,
	"FLUSHALL": cmdFlushAll,
	"FLUSHDB":  cmdFlushAll,
	"MOVE":     cmdNotInCluster,
	"SCAN":     cmdScan,
	"SELECT":   cmdSelect,
	"SWAPDB":   cmdNotInCluster,

	"DISCARD": cmdDiscard,
	"EXEC":    cmdExec,
	"MULTI":   cmdMulti,

	"EVAL":       cmdEval,
	"EVALSHA":    cmdEvalSHA,
	"EVALSHA_RO": cmdEvalSHA,
	"EVAL_RO":    cmdEval,
	"FCALL":      cmdFCall,
	"FCALL_RO":   cmdFCall,
	"FUNCTION":   cmdFunction,
	"SCRIPT":     cmdScript,

	"PSUBSCRIBE":   cmdPSubscribe,
	"PUBLISH":      cmdPublish,
	"PUBSUB":       cmdPubSub,
	"PUNSUBSCRIBE": cmdPUnsubscribe,
	"SPUBLISH":     cmdSPublish,
	"SSUBSCRIBE":   cmdSSubscribe,
	"SUBSCRIBE":    cmdSubscribe,
	"SUNSUBSCRIBE": cmdSUnsubscribe,
	"UNSUBSCRIBE":  cmdUnsubscribe,
}
