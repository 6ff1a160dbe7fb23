package redis

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

// geoTestSetup puts two towns into a geospatial index, whose positions and
// hashes are what the server makes of these.
var (
	geoTestSetup = []string{"geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"}
	geoPalermo   = GeoPos{Longitude: 13.361389338970184, Latitude: 38.1155563954963}
	geoCatania   = GeoPos{Longitude: 15.087267458438873, Latitude: 37.50266842333162}
)

var _ = testCommandGroup(commandGroup{name: "geo", server: redistest.Options{}, rows: []commandTest{
	{
		name: "GeoAdd",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoAdd(ctx, "g",
				&GeoLocation{Name: "Palermo", Longitude: 13.361389, Latitude: 38.115556},
				&GeoLocation{Name: "Catania", Longitude: 15.087269, Latitude: 37.502669})
		},
		args: "geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", want: int64(2),
	},
	{
		name: "GeoAdd/nil",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoAdd(ctx, "g", &GeoLocation{Name: "a"}, nil)
		},
		want: fails("redis: geoadd: location 1 is nil"),
	},
	{
		name: "GeoPos",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoPos(ctx, "g", "Palermo", "none", "Catania")
		},
		setup: geoTestSetup,
		args:  "geopos g Palermo none Catania", want: []*GeoPos{&geoPalermo, nil, &geoCatania},
	},
	{
		name: "GeoPos/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.GeoPos(ctx, "g", "Palermo") },
		args: "geopos g Palermo", want: []*GeoPos{nil},
	},
	{
		name: "GeoRadius",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadius(ctx, "g", 15, 37, &GeoRadiusQuery{Radius: 200, Sort: "ASC"})
		},
		setup: geoTestSetup,
		args:  "georadius_ro g 15 37 200 km ASC", want: []GeoLocation{{Name: "Catania"}, {Name: "Palermo"}},
	},
	{
		name: "GeoRadius/details",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadius(ctx, "g", 15, 37, &GeoRadiusQuery{
				Radius: 200000, Unit: "m", WithCoord: true, WithDist: true, WithGeoHash: true, Count: 1, Sort: "DESC",
			})
		},
		setup: geoTestSetup,
		args:  "georadius_ro g 15 37 200000 m withcoord withdist withhash count 1 DESC",
		want: []GeoLocation{{
			Name: "Palermo", Longitude: geoPalermo.Longitude, Latitude: geoPalermo.Latitude,
			Dist: 190442.4298, GeoHash: 3479099956230698,
		}},
	},
	{
		name: "GeoRadius/absent",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadius(ctx, "g", 15, 37, &GeoRadiusQuery{Radius: 200, WithDist: true})
		},
		args: "georadius_ro g 15 37 200 km withdist", want: []GeoLocation{},
	},
	{
		name: "GeoRadius/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.GeoRadius(ctx, "g", 15, 37, nil) },
		want: fails("redis: georadius_ro: the query is nil"),
	},
	{
		name: "GeoRadius/store",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadius(ctx, "g", 15, 37, &GeoRadiusQuery{Radius: 200, Store: "h"})
		},
		want: fails("redis: georadius_ro: the query must not have Store or StoreDist"),
	},
	{
		name: "GeoRadiusStore",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadiusStore(ctx, "g", 15, 37, &GeoRadiusQuery{Radius: 200, Store: "h"})
		},
		setup: geoTestSetup,
		args:  "georadius g 15 37 200 km store h", want: int64(2),
	},
	{
		name: "GeoRadiusStore/nowhere",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadiusStore(ctx, "g", 15, 37, &GeoRadiusQuery{Radius: 200})
		},
		want: fails("redis: georadius: the query needs Store or StoreDist"),
	},
	{
		name: "GeoRadiusByMember",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadiusByMember(ctx, "g", "Palermo", &GeoRadiusQuery{Radius: 100, Unit: "mi", WithGeoHash: true})
		},
		setup: geoTestSetup,
		args:  "georadiusbymember_ro g Palermo 100 mi withhash",
		want:  []GeoLocation{{Name: "Palermo", GeoHash: 3479099956230698}},
	},
	{
		name: "GeoRadiusByMember/store",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadiusByMember(ctx, "g", "Palermo", &GeoRadiusQuery{Radius: 200, StoreDist: "h"})
		},
		want: fails("redis: georadiusbymember_ro: the query must not have Store or StoreDist"),
	},
	{
		name: "GeoRadiusByMember/no such member",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadiusByMember(ctx, "g", "none", &GeoRadiusQuery{Radius: 200})
		},
		setup: geoTestSetup,
		args:  "georadiusbymember_ro g none 200 km", want: fails("ERR "),
	},
	{
		name: "GeoRadiusByMemberStore",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadiusByMemberStore(ctx, "g", "Palermo", &GeoRadiusQuery{Radius: 200, StoreDist: "h"})
		},
		setup: geoTestSetup,
		args:  "georadiusbymember g Palermo 200 km storedist h", want: int64(2),
	},
	{
		name: "GeoRadiusByMemberStore/nowhere",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoRadiusByMemberStore(ctx, "g", "Palermo", &GeoRadiusQuery{Radius: 200})
		},
		want: fails("redis: georadiusbymember: the query needs Store or StoreDist"),
	},
	{
		name: "GeoSearch",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoSearch(ctx, "g", &GeoSearchQuery{Longitude: 15, Latitude: 37, Radius: 200, Sort: "ASC"})
		},
		setup: geoTestSetup,
		args:  "geosearch g fromlonlat 15 37 byradius 200 km ASC", want: []string{"Catania", "Palermo"},
	},
	{
		name: "GeoSearch/box",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoSearch(ctx, "g", &GeoSearchQuery{
				Member: "Palermo", BoxWidth: 10, BoxHeight: 20.5, BoxUnit: "ft", Count: 1, CountAny: true,
			})
		},
		setup: geoTestSetup,
		args:  "geosearch g frommember Palermo bybox 10 20.5 ft count 1 any", want: []string{"Palermo"},
	},
	{
		name: "GeoSearch/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.GeoSearch(ctx, "g", nil) },
		want: fails("redis: geosearch: the query is nil"),
	},
	{
		name: "GeoSearchLocation",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoSearchLocation(ctx, "g", &GeoSearchLocationQuery{
				GeoSearchQuery: GeoSearchQuery{Longitude: 15, Latitude: 37, BoxWidth: 400, BoxHeight: 400, Sort: "ASC"},
				WithCoord:      true, WithDist: true, WithHash: true,
			})
		},
		setup: geoTestSetup,
		args:  "geosearch g fromlonlat 15 37 bybox 400 400 km ASC withcoord withdist withhash",
		want: []GeoLocation{
			{
				Name: "Catania", Longitude: geoCatania.Longitude, Latitude: geoCatania.Latitude,
				Dist: 56.4413, GeoHash: 3479447370796909,
			},
			{
				Name: "Palermo", Longitude: geoPalermo.Longitude, Latitude: geoPalermo.Latitude,
				Dist: 190.4424, GeoHash: 3479099956230698,
			},
		},
	},
	{
		name: "GeoSearchLocation/distance",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoSearchLocation(ctx, "g", &GeoSearchLocationQuery{
				GeoSearchQuery: GeoSearchQuery{Member: "Catania", Radius: 1, RadiusUnit: "m"}, WithDist: true,
			})
		},
		args: "geosearch g frommember Catania byradius 1 m withdist", want: []GeoLocation{{Name: "Catania", Dist: 0.5}},
		scripted: []string{"*1\r\n*2\r\n$7\r\nCatania\r\n$6\r\n0.5000\r\n", "*1\r\n*2\r\n$7\r\nCatania\r\n,0.5\r\n"},
	},
	{
		name: "GeoSearchLocation/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.GeoSearchLocation(ctx, "g", nil) },
		want: fails("redis: geosearch: the query is nil"),
	},
	{
		name: "GeoSearchStore",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.GeoSearchStore(ctx, "g", "h", &GeoSearchStoreQuery{
				GeoSearchQuery: GeoSearchQuery{Member: "Palermo", Radius: 200, Count: 5}, StoreDist: true,
			})
		},
		setup: geoTestSetup,
		args:  "geosearchstore h g frommember Palermo byradius 200 km count 5 storedist", want: int64(2),
	},
	{
		name: "GeoSearchStore/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.GeoSearchStore(ctx, "g", "h", nil) },
		want: fails("redis: geosearchstore: the query is nil"),
	},
	{
		name:  "GeoDist",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GeoDist(ctx, "g", "Palermo", "Catania", "") },
		setup: geoTestSetup,
		args:  "geodist g Palermo Catania km", want: 166.2742,
	},
	{
		name:  "GeoDist/no such member",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GeoDist(ctx, "g", "Palermo", "none", "ft") },
		setup: geoTestSetup,
		args:  "geodist g Palermo none ft", want: Nil,
	},
	{
		name:  "GeoHash",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GeoHash(ctx, "g", "Palermo", "none") },
		setup: geoTestSetup,
		args:  "geohash g Palermo none", want: []string{"sqc8b49rny0", ""},
	},
}})

func TestGeoCommandsFromQueries(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	radius := GeoRadiusQuery{Radius: 5, WithDist: true, Sort: "ASC"}
	search := GeoSearchLocationQuery{GeoSearchQuery: GeoSearchQuery{Member: "a", Radius: 5}, WithHash: true}
	askedRadius, askedSearch := radius, search

	for range 2 { // a query can be used again
		require.Equal(t,
			[]any{"georadius_ro", "g", 1.5, int64(2), 5.0, "km", "withdist", "ASC"},
			NewGeoLocationCmd(ctx, &radius, "georadius_ro", "g", 1.5, 2).Args())
		require.Equal(t,
			[]any{"geosearch", "g", "frommember", "a", "byradius", 5.0, "km", "withhash"},
			NewGeoSearchLocationCmd(ctx, &search, "geosearch", "g").Args())
	}
	require.Equal(t, askedRadius, radius)
	require.Equal(t, askedSearch, search)

	require.EqualError(t, NewGeoLocationCmd(ctx, nil, "georadius_ro", "g").Err(),
		"redis: georadius_ro: the query is nil")
	require.EqualError(t, NewGeoSearchLocationCmd(ctx, nil, "geosearch", "g").Err(),
		"redis: geosearch: the query is nil")
}

func TestGeoResultsOfFakes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")

	locations, err := NewGeoLocationCmdResult([]GeoLocation{{Name: "a"}}, broken).Result()
	require.Equal(t, []GeoLocation{{Name: "a"}}, locations)
	require.Equal(t, broken, err)

	positions, err := NewGeoPosCmdResult([]*GeoPos{{1, 2}, nil}, nil).Result()
	require.Equal(t, []*GeoPos{{1, 2}, nil}, positions)
	require.NoError(t, err)
}
