package redis

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCmdTypes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for want, cmds := range map[CmdType][]Cmder{
		CmdTypeGeneric: {
			NewCmd(ctx), NewDigestCmd(ctx), NewLatencyCmd(ctx), NewStringSliceSliceCmd(ctx),
		},
		CmdTypeString:                  {NewStringCmd(ctx)},
		CmdTypeInt:                     {NewIntCmd(ctx)},
		CmdTypeBool:                    {NewBoolCmd(ctx)},
		CmdTypeFloat:                   {NewFloatCmd(ctx)},
		CmdTypeStringSlice:             {NewStringSliceCmd(ctx)},
		CmdTypeIntSlice:                {NewIntSliceCmd(ctx)},
		CmdTypeFloatSlice:              {NewFloatSliceCmd(ctx)},
		CmdTypeBoolSlice:               {NewBoolSliceCmd(ctx)},
		CmdTypeMapStringString:         {NewMapStringStringCmd(ctx)},
		CmdTypeMapStringInt:            {NewMapStringIntCmd(ctx)},
		CmdTypeMapStringInterface:      {NewMapStringInterfaceCmd(ctx)},
		CmdTypeMapStringInterfaceSlice: {NewMapStringInterfaceSliceCmd(ctx)},
		CmdTypeSlice:                   {NewSliceCmd(ctx)},
		CmdTypeStatus:                  {NewStatusCmd(ctx)},
		CmdTypeDuration:                {NewDurationCmd(ctx, time.Second)},
		CmdTypeTime:                    {NewTimeCmd(ctx)},
		CmdTypeKeyValueSlice:           {NewKeyValueSliceCmd(ctx)},
		CmdTypeStringStructMap:         {NewStringStructMapCmd(ctx)},
		CmdTypeZSlice:                  {NewZSliceCmd(ctx)},
		CmdTypeZWithKey:                {NewZWithKeyCmd(ctx)},
		CmdTypeScan:                    {NewScanCmd(ctx, nil)},
		CmdTypeClusterSlots:            {NewClusterSlotsCmd(ctx)},
		CmdTypeGeoLocation:             {NewGeoLocationCmd(ctx, nil)},
		CmdTypeGeoSearchLocation:       {NewGeoSearchLocationCmd(ctx, nil)},
		CmdTypeGeoPos:                  {NewGeoPosCmd(ctx)},
		CmdTypeCommandsInfo:            {NewCommandsInfoCmd(ctx)},
		CmdTypeSlowLog:                 {NewSlowLogCmd(ctx)},
		CmdTypeMapStringStringSlice:    {NewMapStringStringSliceCmd(ctx)},
		CmdTypeKeyValues:               {NewKeyValuesCmd(ctx)},
		CmdTypeZSliceWithKey:           {NewZSliceWithKeyCmd(ctx)},
		CmdTypeFunctionList:            {NewFunctionListCmd(ctx)},
		CmdTypeFunctionStats:           {NewFunctionStatsCmd(ctx)},
		CmdTypeLCS:                     {NewLCSCmd(ctx, nil)},
		CmdTypeKeyFlags:                {NewKeyFlagsCmd(ctx)},
		CmdTypeClusterLinks:            {NewClusterLinksCmd(ctx)},
		CmdTypeClusterShards:           {NewClusterShardsCmd(ctx)},
		CmdTypeRankWithScore:           {NewRankWithScoreCmd(ctx)},
		CmdTypeClientInfo:              {NewClientInfoCmd(ctx)},
		CmdTypeACLLog:                  {NewACLLogCmd(ctx)},
		CmdTypeInfo:                    {NewInfoCmd(ctx)},
		CmdTypeIncrEXInt:               {NewIncrEXIntCmd(ctx)},
		CmdTypeIncrEXFloat:             {NewIncrEXFloatCmd(ctx)},
		CmdTypeUint:                    {NewUintCmd(ctx)},
		CmdTypeUintSlice:               {NewUintSliceCmd(ctx)},
		CmdTypeXMessageSlice:           {NewXMessageSliceCmd(ctx)},
		CmdTypeXStreamSlice:            {NewXStreamSliceCmd(ctx)},
		CmdTypeXPending:                {NewXPendingCmd(ctx)},
		CmdTypeXPendingExt:             {NewXPendingExtCmd(ctx)},
		CmdTypeXAutoClaim:              {NewXAutoClaimCmd(ctx)},
		CmdTypeXAutoClaimWithDeleted:   {NewXAutoClaimWithDeletedCmd(ctx)},
		CmdTypeXAutoClaimJustID:        {NewXAutoClaimJustIDCmd(ctx)},
		CmdTypeXInfoConsumers:          {NewXInfoConsumersCmd(ctx, "s", "g")},
		CmdTypeXInfoGroups:             {NewXInfoGroupsCmd(ctx, "s")},
		CmdTypeXInfoStream:             {NewXInfoStreamCmd(ctx, "s")},
		CmdTypeXInfoStreamFull:         {NewXInfoStreamFullCmd(ctx)},
	} {
		for _, cmd := range cmds {
			require.Equal(t, want, cmd.GetCmdType(), reflect.TypeOf(cmd))
			require.False(t, cmd.NoRetry())
		}
	}
	// The numbers of go-redis, beside the gaps that modules leave.
	require.EqualValues(t, 53, CmdTypeMonitor)
	require.EqualValues(t, 56, CmdTypeIntPointerSlice)
	require.EqualValues(t, 75, CmdTypeUintSlice)
}

func TestExtractCommandValue(t *testing.T) {
	t.Parallel()
	keys := new(KeyValuesCmd)
	keys.SetVal("k", []string{"a"})
	zs := new(ZSliceWithKeyCmd)
	zs.SetVal("z", []Z{{Score: 1, Member: "m"}})
	entries := []XMessage{{ID: "1-0", Values: map[string]any{"f": "v"}}}
	claim, ids, deleted := new(XAutoClaimCmd), new(XAutoClaimJustIDCmd), new(XAutoClaimWithDeletedCmd)
	claim.SetVal(entries, "2-0")
	ids.SetVal([]string{"1-0"}, "2-0")
	deleted.SetVal(entries, "2-0", []string{"0-1"})
	for _, row := range []struct {
		cmd  Cmder
		want any
	}{
		{claim, CmdTypeXAutoClaimValue{Messages: entries, Start: "2-0"}},
		{ids, CmdTypeXAutoClaimJustIDValue{IDs: []string{"1-0"}, Start: "2-0"}},
		{deleted, CmdTypeXAutoClaimWithDeletedValue{Messages: entries, Start: "2-0", DeletedIDs: []string{"0-1"}}},
		{NewStringResult("v", nil), "v"},
		{NewIntResult(3, nil), int64(3)},
		{NewCmdResult(nil, nil), nil},
		{NewScanCmdResult([]string{"a"}, 7, nil), CmdTypeScanValue{Keys: []string{"a"}, Cursor: 7}},
		{keys, CmdTypeKeyValuesValue{Key: "k", Values: []string{"a"}}},
		{zs, CmdTypeZSliceWithKeyValue{Key: "z", ZSlice: []Z{{Score: 1, Member: "m"}}}},
		{neverAgain{NewStringResult("w", nil)}, "w"},
	} {
		got, err := ExtractCommandValue(row.cmd)
		require.NoError(t, err)
		require.Equal(t, row.want, got)
	}
	failed := errors.New("failed")
	got, err := ExtractCommandValue(NewBoolResult(true, failed))
	require.Equal(t, failed, err)
	require.Equal(t, true, got)
	_, err = ExtractCommandValue("GET")
	require.EqualError(t, err, "redis: string is not a command with a reply")
}

// neverAgain is a command that must not be sent twice.
type neverAgain struct{ *StringCmd }

func (neverAgain) NoRetry() bool { return true }

func TestNoRetry(t *testing.T) {
	t.Parallel()
	type client interface {
		Cmdable
		Process(ctx context.Context, cmd Cmder) error
	}
	for _, optedIn := range []bool{false, true} {
		for name, connect := range map[string]func(*testing.T, *scripted) client{
			"client": func(t *testing.T, s *scripted) client {
				return clientOf(t, s, func(o *Options) { o.RetryWritesInDoubt = optedIn })
			},
			"cluster": func(t *testing.T, s *scripted) client {
				return clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.RetryWritesInDoubt = optedIn })
			},
		} {
			for how, send := range map[string]func(*testing.T, client, Cmder) error{
				"alone":    func(t *testing.T, c client, cmd Cmder) error { return c.Process(background(t), cmd) },
				"pipeline": func(t *testing.T, c client, cmd Cmder) error { return inPipeline(t, c.Pipeline(), cmd) },
				"tx":       func(t *testing.T, c client, cmd Cmder) error { return inPipeline(t, c.TxPipeline(), cmd) },
			} {
				t.Run(fmt.Sprintf("%s/%s/%v", name, how, optedIn), func(t *testing.T) {
					t.Parallel()
					s := newScripted(t)
					s.on("GET", hangsUp)
					s.on("MULTI", says("+OK\r\n"))
					err := send(t, connect(t, s), neverAgain{NewStringCmd(background(t), "get", "key")})
					require.ErrorIs(t, err, ErrWriteInDoubt)
					require.Equal(t, 1, s.count("GET"))
				})
			}
		}
	}

	t.Run("not sent", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		s.on("GET", inTurn(says("-TRYAGAIN\r\n"), says(bulk("v"))))
		cmd := neverAgain{NewStringCmd(background(t), "get", "key")}
		require.NoError(t, clusterOf(t, []*scripted{s}, nil).Process(background(t), cmd))
		require.Equal(t, "v", cmd.Val(), "what was refused may be sent again")
	})

	t.Run("split", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		s.on("MGET", hangsUp)
		cmd := neverAgain{NewStringCmd(background(t), "mget", "a", "b")}
		require.ErrorIs(t, clusterOf(t, []*scripted{s}, nil).Process(background(t), cmd), ErrWriteInDoubt)
		require.LessOrEqual(t, s.count("MGET"), 2)
	})
}

func inPipeline(t *testing.T, pipe Pipeliner, cmd Cmder) error {
	require.NoError(t, pipe.Process(background(t), cmd))
	_, err := pipe.Exec(background(t))
	return err
}

func TestSetStepCount(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("NEWCMD", says(":4\r\n"))
	cmd := NewIntCmd(background(t), "newcmd", "x", "a", "b")
	cmd.SetFirstKeyPos(2)
	cmd.SetStepCount(2)
	require.NoError(t, clusterOf(t, []*scripted{s}, nil).Process(background(t), cmd))
	require.EqualValues(t, 4, cmd.Val())
	require.Equal(t, []any{"newcmd", "x", "a", "b"}, cmd.Args())
}
