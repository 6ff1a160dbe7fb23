package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/anishathalye/porcupine"
)

// registerHistory reads and overwrites a key that other callers use as well.
// The histories of all callers of a key must be linearizable. That holds only
// as long as the servers lose nothing: not for failovers other than planned
// ones, as replication is asynchronous.
type registerHistory struct {
	plain
	ops  []porcupine.Operation
	last access // the call under way
}

// access is a call: a write has its value as input, a read as output.
type access struct {
	write bool
	value string
	start time.Time
}

// forever is the end of a call that may run at any time later.
const forever = math.MaxInt64

func (h *registerHistory) call(ctx context.Context, d driver, key string) (string, error) {
	h.last = access{write: rand.N(2) == 0, start: time.Now()}
	var err error
	if h.last.write {
		h.last.value = fmt.Sprintf("%x", rand.Uint64())
		err = d.Set(ctx, key, h.last.value)
	} else {
		h.last.value, err = d.Get(ctx, key)
		if errors.Is(err, errNil) {
			err = nil
		}
	}
	if err == nil {
		h.add(time.Now().UnixNano())
	}
	return "", err
}

func (h *registerHistory) settled(f fate) {
	if f != refused && h.last.write {
		h.add(forever)
	}
}

func (h *registerHistory) add(end int64) {
	op := porcupine.Operation{Input: h.last, Call: h.last.start.UnixNano(), Output: h.last.value, Return: end}
	h.ops = append(h.ops, op)
}

// register is the model: reads give what was written last, at first nothing.
var register = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		if in := input.(access); in.write {
			return true, in.value
		}
		return output == state, state
	},
}

// registerTimeout bounds the search for an order.
const registerTimeout = 30 * time.Second

// checkRegisters checks the histories of each key.
func checkRegisters(callers []*caller) (wrong []string) {
	ops := map[string][]porcupine.Operation{}
	for i, c := range callers {
		h, ok := c.history.(*registerHistory)
		if !ok {
			continue
		}
		for _, op := range h.ops {
			op.ClientId = i
			ops[c.key] = append(ops[c.key], op)
		}
	}
	for key, list := range ops {
		if result := porcupine.CheckOperationsTimeout(register, list, registerTimeout); result != porcupine.Ok {
			wrong = append(wrong, fmt.Sprintf("%s: %d calls are not linearizable (%s)", key, len(list), result))
		}
	}
	return wrong
}
