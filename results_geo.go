package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// GeoPos is a position in degrees.
type GeoPos struct {
	Longitude, Latitude float64
}

// GeoLocation is a member of a geospatial index. In a reply the fields beside
// Name are set only if the query asked for them.
type GeoLocation struct {
	Name string // the member
	// Longitude and Latitude are in degrees.
	Longitude, Latitude float64
	// Dist is the distance from the centre of the query, in its unit.
	Dist float64
	// GeoHash is the position as the server stores it: 52 bits, which are the
	// member's score.
	GeoHash int64
}

// GeoPosCmd is a command that answers with the positions of members; nil for
// each that does not exist.
type GeoPosCmd struct{ result[[]*GeoPos] }

// NewGeoPosCmd makes a command from its name and arguments, for Process.
func NewGeoPosCmd(ctx context.Context, args ...any) *GeoPosCmd {
	return fromArgs(new(GeoPosCmd), args)
}

// NewGeoPosCmdResult makes a command that has been answered, for tests and
// fakes.
func NewGeoPosCmdResult(val []*GeoPos, err error) *GeoPosCmd {
	return &GeoPosCmd{made(val, err)}
}

func (c *GeoPosCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeGeoPos)
	return err
}

func decodeGeoPos(d *resp.Decoder) (*GeoPos, error) {
	if err := tuple(d, 2); err != nil {
		return nil, err
	}
	longitude, err := d.Float()
	if err != nil {
		return nil, err
	}
	latitude, err := d.Float()
	if err != nil {
		return nil, err
	}
	return &GeoPos{Longitude: longitude, Latitude: latitude}, nil
}

// GeoLocationCmd is a GEORADIUS command that answers with locations.
type GeoLocationCmd struct{ result[[]GeoLocation] }

// NewGeoLocationCmd makes a command from its name and arguments, to which it
// adds those that q stands for.
func NewGeoLocationCmd(ctx context.Context, q *GeoRadiusQuery, args ...any) *GeoLocationCmd {
	cmd := fromArgs(new(GeoLocationCmd), args)
	cmd.geoRadius(q)
	return cmd
}

// NewGeoLocationCmdResult makes a command that has been answered, for tests and
// fakes.
func NewGeoLocationCmdResult(val []GeoLocation, err error) *GeoLocationCmd {
	return &GeoLocationCmd{made(val, err)}
}

func (c *GeoLocationCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeGeoLocation)
	return err
}

// GeoSearchLocationCmd is a GEOSEARCH command that answers with locations.
type GeoSearchLocationCmd struct{ result[[]GeoLocation] }

// NewGeoSearchLocationCmd makes a command from its name and arguments, to which
// it adds those that opt stands for.
func NewGeoSearchLocationCmd(ctx context.Context, opt *GeoSearchLocationQuery, args ...any) *GeoSearchLocationCmd {
	cmd := fromArgs(new(GeoSearchLocationCmd), args)
	cmd.geoSearchLocation(opt)
	return cmd
}

func (c *GeoSearchLocationCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeGeoLocation)
	return err
}

// decodeGeoLocation reads a name, or a name and the details that were asked
// for. Their types tell them apart, so that the query need not be kept.
func decodeGeoLocation(d *resp.Decoder) (loc GeoLocation, err error) {
	details := 0
	if d.Peek() == resp.Array {
		n, err := d.Array()
		if err != nil {
			return loc, err
		}
		if n == 0 {
			return loc, &resp.TypeError{Got: elements(n), Want: "a name and details"}
		}
		details = n - 1
	}
	if loc.Name, err = d.String(); err != nil {
		return loc, err
	}
	for range details {
		switch d.Peek() {
		case resp.Integer:
			loc.GeoHash, err = d.Int()
		case resp.Array:
			var pos *GeoPos
			if pos, err = decodeGeoPos(d); err == nil {
				loc.Longitude, loc.Latitude = pos.Longitude, pos.Latitude
			}
		default:
			loc.Dist, err = d.Float()
		}
		if err != nil {
			return loc, err
		}
	}
	return loc, nil
}
