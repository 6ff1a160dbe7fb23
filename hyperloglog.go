package redis

import (
	"context"
)

// HyperLogLogCmdable has the commands that count distinct elements
// approximately, with a standard error of 0.81 %.
type HyperLogLogCmdable interface {
	PFAdd(ctx context.Context, key string, els ...any) *IntCmd
	PFCount(ctx context.Context, keys ...string) *IntCmd
	PFMerge(ctx context.Context, dest string, keys ...string) *StatusCmd
}

// PFAdd counts elements under key and answers 1 if its estimate changed, else
// 0. Without elements it creates the key where it does not exist (PFADD).
func (c cmdable) PFAdd(ctx context.Context, key string, els ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("pfadd", key).list(els)
	return do(ctx, c, cmd)
}

// PFCount estimates how many distinct elements all keys together have seen; 0
// for keys that do not exist (PFCOUNT).
func (c cmdable) PFCount(ctx context.Context, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("pfcount", keys...)
	return do(ctx, c, cmd)
}

// PFMerge adds what keys have seen to dest (PFMERGE).
func (c cmdable) PFMerge(ctx context.Context, dest string, keys ...string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("pfmerge", dest).strs(keys...)
	return do(ctx, c, cmd)
}
