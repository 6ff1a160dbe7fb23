// Package redis is a client for Redis Cluster, Valkey and Amazon ElastiCache,
// with the names and signatures of go-redis v9.
//
//	rdb := redis.NewClusterClient(&redis.ClusterOptions{
//		Addrs:     []string{"my-cluster.example.com:6379"},
//		Password:  token,
//		TLSConfig: &tls.Config{},
//	})
//	defer rdb.Close()
//
//	name, err := rdb.Get(ctx, "user:17:name").Result()
//
// One [ClusterClient] is enough for a program: it is safe for use by any number
// of goroutines, whose commands share connections and travel in batches. The
// servers tell the client which node serves which key, and it follows them
// through failovers, migrations of slots and changes of size; one address to
// begin with is enough. [Client] does the same for a single server.
//
// # Commands and replies
//
// There is a method for each command. It returns the command with its reply:
// Result gives both the value and the error, Val the value alone, Err the error
// alone. A key that does not exist is the error [Nil]:
//
//	name, err := rdb.Get(ctx, key).Result()
//	if errors.Is(err, redis.Nil) {
//		// there is none
//	}
//
// Where a command takes values of any type, those are strings, []byte, numbers,
// booleans, times, durations and whatever implements
// [encoding.BinaryMarshaler]. Scan brings a reply back into such a type, and the
// fields of a hash into a struct:
//
//	var user struct {
//		Name string `redis:"name"`
//		Age  int    `redis:"age"`
//	}
//	err := rdb.HGetAll(ctx, "user:17").Scan(&user)
//
// Do and Process send commands for which there is no method.
//
// # Keys in several slots
//
// A cluster keeps each key in one of 16,384 slots; a part of the key in braces,
// as in "{user:17}:cart", puts all keys with that part into the same. MGET, MSET,
// DEL, UNLINK, EXISTS and TOUCH with keys of several slots are split, sent to
// all the nodes at once, and their replies joined. Unlike the command on a
// single server that is not one atomic step: if some of the parts fail, the
// error is a [PartialError], which tells of which keys. Other commands whose
// keys are in several slots are refused by the server, with an error that is equal
// to [ErrCrossSlot].
//
// # Pipelines and transactions
//
// A pipeline sends many commands without waiting for each reply, to all the
// nodes concerned at once:
//
//	cmds, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
//		for _, key := range keys {
//			pipe.Get(ctx, key)
//		}
//		return nil
//	})
//
// TxPipelined is the same with MULTI and EXEC around it: the server runs all of its
// commands with no others between them, or none. One that fails does not undo the
// rest. Its keys have to be in one slot. Watch makes it depend on keys that
// were read before, and a [Script] runs in one step too.
//
// # Publish and subscribe
//
// Subscribe, PSubscribe and SSubscribe return a [PubSub], which keeps connections
// of its own and subscribes again wherever they are lost or slots move:
//
//	sub := rdb.Subscribe(ctx, "news")
//	defer sub.Close()
//	for msg := range sub.Channel() {
//		use(msg.Payload)
//	}
//
// Subscribe returns when the servers have confirmed it: nothing is missed that is
// published after that. If they cannot be reached or refuse, or after some seconds, it
// returns all the same; the PubSub goes on trying, and its Receive tells what is wrong
// and, by a [Subscription], when it is done.
//
// # Contexts and timeouts
//
// The context of a call is honoured wherever the call may wait, and a call that
// is given up disturbs no other. One that is cancelled in the first 20 ms after it
// was sent returns by the end of them; after that, at once. ReadTimeout,
// WriteTimeout, DialTimeout and PoolTimeout bound single steps; see
// [ClusterOptions]. While a shard has no primary its commands wait for the new one:
// until the context's deadline, or for FailoverTimeout.
//
// # Errors
//
// An [Error] is what a server answered. A [NodeError] says that a node did not
// answer, a [DialError] that it could not be reached. What certainly did not run
// is tried again, and so is what only reads. A write whose connection was lost
// after it had been sent may have run or not; it is not repeated but returns
//
//	if errors.Is(err, redis.ErrWriteInDoubt) {
//		// find out, or repeat it if twice does no harm
//	}
//
// A write whose context ended while it was on a connection may have run as well, or
// may yet run. Its error is the context's, in a [NodeError]. If Wrote is above 0 it was
// sent, or is being sent; if it is 0, it did not run and never will.
//
// # Reading from replicas
//
// ReadOnly sends reads to replicas, RouteRandomly to any node of the shard,
// RouteByLatency to the nearest. A replica may be a little behind its primary.
//
// # Testing
//
// Package [github.com/seed-e06f3def/rediscluster/clustertest] runs a whole
// cluster inside a test, and makes its nodes fail.
package redis
