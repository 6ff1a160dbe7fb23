package redis

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

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
