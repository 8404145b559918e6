package schema

import (
	"context"
	"fmt"
	"strings"

	"aiusage/db/pool"
	"aiusage/usage"
)

// checkIDs makes sure that the database compares ids as the gateway does: exactly.
// A view on a platform's table has that table's collation, and most collations
// take "acme" and "ACME" for the same, which would add up two accounts as one.
func (s *Schema) checkIDs(ctx context.Context) error {
	columns, err := SessionColumns(ctx, s.db)
	if err != nil {
		return pool.Translate(err)
	}
	for _, name := range []string{"account_id", "customer_id"} {
		collation := columns[name].Collation.String
		if collation != "" && collation != "binary" && !strings.HasSuffix(collation, "_bin") {
			return &usage.Error{Code: usage.Unavailable, Message: fmt.Sprintf(
				"the column %s of ai_sessions has the collation %s, which takes different ids for the same one; "+
					"give it utf8mb4_bin, in a view as CONVERT(column USING utf8mb4) COLLATE utf8mb4_bin", name, collation)}
		}
	}
	return nil
}
