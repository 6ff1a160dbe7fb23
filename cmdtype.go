package redis

import (
	"fmt"
	"reflect"
	"time"
)

// CmdType tells the result types apart without a type switch. Its values are
// those that go-redis has.
type CmdType uint8

// The result types: CmdTypeString is that of [StringCmd], and so on. What has no
// constant of its own is CmdTypeGeneric, as [Cmd] is.
const (
	CmdTypeGeneric CmdType = iota
	CmdTypeString
	CmdTypeInt
	CmdTypeBool
	CmdTypeFloat
	CmdTypeStringSlice
	CmdTypeIntSlice
	CmdTypeFloatSlice
	CmdTypeBoolSlice
	CmdTypeMapStringString
	CmdTypeMapStringInt
	CmdTypeMapStringInterface
	CmdTypeMapStringInterfaceSlice
	CmdTypeSlice
	CmdTypeStatus
	CmdTypeDuration
	CmdTypeTime
	CmdTypeKeyValueSlice
	CmdTypeStringStructMap
	CmdTypeXMessageSlice
	CmdTypeXStreamSlice
	CmdTypeXPending
	CmdTypeXPendingExt
	CmdTypeXAutoClaim
	CmdTypeXAutoClaimWithDeleted
	CmdTypeXAutoClaimJustID
	CmdTypeXInfoConsumers
	CmdTypeXInfoGroups
	CmdTypeXInfoStream
	CmdTypeXInfoStreamFull
	CmdTypeZSlice
	CmdTypeZWithKey
	CmdTypeScan
	CmdTypeClusterSlots
	CmdTypeGeoLocation
	CmdTypeGeoSearchLocation
	CmdTypeGeoPos
	CmdTypeCommandsInfo
	CmdTypeSlowLog
	CmdTypeMapStringStringSlice
	CmdTypeMapMapStringInterface
	CmdTypeKeyValues
	CmdTypeZSliceWithKey
	CmdTypeFunctionList
	CmdTypeFunctionStats
	CmdTypeLCS
	CmdTypeKeyFlags
	CmdTypeClusterLinks
	CmdTypeClusterShards
	CmdTypeRankWithScore
	CmdTypeClientInfo
	CmdTypeACLLog
	CmdTypeInfo
	CmdTypeMonitor
	_ // from here on also those of modules, which are not here
	_
	CmdTypeIntPointerSlice
	_
	_
	_
	_
	_
	_
	_
	_
	_
	_
	_
	_
	_
	_
	_
	CmdTypeIncrEXInt
	CmdTypeIncrEXFloat
	CmdTypeUint
	CmdTypeUintSlice
)

// CmdTyper is what tells its [CmdType], as every [Cmder] does.
type CmdTyper interface {
	// GetCmdType tells which result type it is.
	GetCmdType() CmdType
}

// CmdTypeGetter is a [CmdTyper] by the other name that go-redis has for it.
type CmdTypeGetter interface {
	// GetCmdType tells which result type it is.
	GetCmdType() CmdType
}

// cmdTypes tells the type of a command from that of its reply, where no other
// has the same.
var cmdTypes = map[reflect.Type]CmdType{
	reflect.TypeFor[string]():                       CmdTypeString,
	reflect.TypeFor[int64]():                        CmdTypeInt,
	reflect.TypeFor[uint64]():                       CmdTypeUint,
	reflect.TypeFor[bool]():                         CmdTypeBool,
	reflect.TypeFor[float64]():                      CmdTypeFloat,
	reflect.TypeFor[time.Duration]():                CmdTypeDuration,
	reflect.TypeFor[time.Time]():                    CmdTypeTime,
	reflect.TypeFor[[]any]():                        CmdTypeSlice,
	reflect.TypeFor[[]string]():                     CmdTypeStringSlice,
	reflect.TypeFor[[]int64]():                      CmdTypeIntSlice,
	reflect.TypeFor[[]*int64]():                     CmdTypeIntPointerSlice,
	reflect.TypeFor[[]uint64]():                     CmdTypeUintSlice,
	reflect.TypeFor[[]float64]():                    CmdTypeFloatSlice,
	reflect.TypeFor[[]bool]():                       CmdTypeBoolSlice,
	reflect.TypeFor[map[string]string]():            CmdTypeMapStringString,
	reflect.TypeFor[map[string]int64]():             CmdTypeMapStringInt,
	reflect.TypeFor[map[string]any]():               CmdTypeMapStringInterface,
	reflect.TypeFor[[]map[string]any]():             CmdTypeMapStringInterfaceSlice,
	reflect.TypeFor[[]map[string]string]():          CmdTypeMapStringStringSlice,
	reflect.TypeFor[map[string]struct{}]():          CmdTypeStringStructMap,
	reflect.TypeFor[[]KeyValue]():                   CmdTypeKeyValueSlice,
	reflect.TypeFor[[]Z]():                          CmdTypeZSlice,
	reflect.TypeFor[*ZWithKey]():                    CmdTypeZWithKey,
	reflect.TypeFor[RankScore]():                    CmdTypeRankWithScore,
	reflect.TypeFor[[]GeoLocation]():                CmdTypeGeoLocation,
	reflect.TypeFor[[]*GeoPos]():                    CmdTypeGeoPos,
	reflect.TypeFor[*LCSMatch]():                    CmdTypeLCS,
	reflect.TypeFor[IncrEXIntResult]():              CmdTypeIncrEXInt,
	reflect.TypeFor[IncrEXFloatResult]():            CmdTypeIncrEXFloat,
	reflect.TypeFor[[]Library]():                    CmdTypeFunctionList,
	reflect.TypeFor[FunctionStats]():                CmdTypeFunctionStats,
	reflect.TypeFor[map[string]*CommandInfo]():      CmdTypeCommandsInfo,
	reflect.TypeFor[[]KeyFlags]():                   CmdTypeKeyFlags,
	reflect.TypeFor[[]SlowLog]():                    CmdTypeSlowLog,
	reflect.TypeFor[map[string]map[string]string](): CmdTypeInfo,
	reflect.TypeFor[*ClientInfo]():                  CmdTypeClientInfo,
	reflect.TypeFor[[]*ACLLogEntry]():               CmdTypeACLLog,
	reflect.TypeFor[[]ClusterSlot]():                CmdTypeClusterSlots,
	reflect.TypeFor[[]ClusterShard]():               CmdTypeClusterShards,
	reflect.TypeFor[[]ClusterLink]():                CmdTypeClusterLinks,
	reflect.TypeFor[[]XMessage]():                   CmdTypeXMessageSlice,
	reflect.TypeFor[[]XStream]():                    CmdTypeXStreamSlice,
	reflect.TypeFor[*XPending]():                    CmdTypeXPending,
	reflect.TypeFor[[]XPendingExt]():                CmdTypeXPendingExt,
	reflect.TypeFor[*XInfoStream]():                 CmdTypeXInfoStream,
	reflect.TypeFor[*XInfoStreamFull]():             CmdTypeXInfoStreamFull,
	reflect.TypeFor[[]XInfoGroup]():                 CmdTypeXInfoGroups,
	reflect.TypeFor[[]XInfoConsumer]():              CmdTypeXInfoConsumers,
}

// GetCmdType tells which result type it is.
func (c *baseCmd) GetCmdType() CmdType { return CmdTypeGeneric }

// GetCmdType tells which result type it is.
func (r *result[T]) GetCmdType() CmdType { return cmdTypes[reflect.TypeFor[T]()] }

// GetCmdType is CmdTypeStatus.
func (c *StatusCmd) GetCmdType() CmdType { return CmdTypeStatus }

// GetCmdType is CmdTypeGeneric: a digest has no constant of its own.
func (c *DigestCmd) GetCmdType() CmdType { return CmdTypeGeneric }

// GetCmdType is CmdTypeGeoSearchLocation.
func (c *GeoSearchLocationCmd) GetCmdType() CmdType { return CmdTypeGeoSearchLocation }

// GetCmdType is CmdTypeScan.
func (c *ScanCmd) GetCmdType() CmdType { return CmdTypeScan }

// GetCmdType is CmdTypeKeyValues.
func (c *KeyValuesCmd) GetCmdType() CmdType { return CmdTypeKeyValues }

// GetCmdType is CmdTypeZSliceWithKey.
func (c *ZSliceWithKeyCmd) GetCmdType() CmdType { return CmdTypeZSliceWithKey }

// GetCmdType is CmdTypeXAutoClaim.
func (c *XAutoClaimCmd) GetCmdType() CmdType { return CmdTypeXAutoClaim }

// GetCmdType is CmdTypeXAutoClaimJustID.
func (c *XAutoClaimJustIDCmd) GetCmdType() CmdType { return CmdTypeXAutoClaimJustID }

// GetCmdType is CmdTypeXAutoClaimWithDeleted.
func (c *XAutoClaimWithDeletedCmd) GetCmdType() CmdType { return CmdTypeXAutoClaimWithDeleted }

// CmdTypeScanValue is what [ExtractCommandValue] gives for a [ScanCmd].
type CmdTypeScanValue struct {
	Keys   []string // of one page
	Cursor uint64   // of the next page; 0 after the last
}

// CmdTypeKeyValuesValue is what [ExtractCommandValue] gives for a
// [KeyValuesCmd].
type CmdTypeKeyValuesValue struct {
	Key    string   // that the values were taken from
	Values []string // in the order in which they were taken
}

// CmdTypeZSliceWithKeyValue is what [ExtractCommandValue] gives for a
// [ZSliceWithKeyCmd].
type CmdTypeZSliceWithKeyValue struct {
	Key    string // that the members were taken from
	ZSlice []Z    // in the order in which they were taken
}

// CmdTypeXAutoClaimValue is what [ExtractCommandValue] gives for an
// [XAutoClaimCmd].
type CmdTypeXAutoClaimValue struct {
	Messages []XMessage // those taken over
	Start    string     // the ID to go on from; "0-0" after the last
}

// CmdTypeXAutoClaimJustIDValue is what [ExtractCommandValue] gives for an
// [XAutoClaimJustIDCmd].
type CmdTypeXAutoClaimJustIDValue struct {
	IDs   []string // of the entries taken over
	Start string   // the ID to go on from; "0-0" after the last
}

// CmdTypeXAutoClaimWithDeletedValue is what [ExtractCommandValue] gives for an
// [XAutoClaimWithDeletedCmd].
type CmdTypeXAutoClaimWithDeletedValue struct {
	Messages   []XMessage // those taken over
	Start      string     // the ID to go on from; "0-0" after the last
	DeletedIDs []string   // of entries that were pending but are deleted; not before Redis 7
}

// ExtractCommandValue gives the reply of a command, whatever its type, and the
// command's error. Of commands with several values it gives them in one of the
// types whose names end in Value. It is an error if cmd is no command, or one
// that has no reply.
func ExtractCommandValue(cmd any) (any, error) {
	if c, ok := cmd.(interface{ extract() any }); ok {
		return c.extract(), cmd.(Cmder).Err()
	}
	return nil, fmt.Errorf("redis: %T is not a command with a reply", cmd)
}

func (r *result[T]) extract() any        { return r.val }
func (c *ScanCmd) extract() any          { return CmdTypeScanValue{c.page, c.cursor} }
func (c *KeyValuesCmd) extract() any     { return CmdTypeKeyValuesValue{c.key, c.val} }
func (c *ZSliceWithKeyCmd) extract() any { return CmdTypeZSliceWithKeyValue{c.key, c.val} }

func (c *XAutoClaimCmd) extract() any       { return CmdTypeXAutoClaimValue{c.val, c.next} }
func (c *XAutoClaimJustIDCmd) extract() any { return CmdTypeXAutoClaimJustIDValue{c.val, c.next} }
func (c *XAutoClaimWithDeletedCmd) extract() any {
	return CmdTypeXAutoClaimWithDeletedValue{c.val, c.next, c.deleted}
}
