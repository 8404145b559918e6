package main

import (
	"fmt"
	"time"
)

// target is what the time of a question in the store is held to. Without one, it is only
// measured.
type target int

const (
	// likeLookUp: at most three times a look-up by primary key.
	likeLookUp target = iota + 1
	// likeNumbers: at most 1.3 times the statement that reads the numbers, where the
	// zone has sums of its own.
	likeNumbers
	// seriesOfAll and seriesOfOne: at most twice the statement that reads the days, where
	// the zone has days of its own; elsewhere ahead of DuckDB, and less than three times
	// its time where one account is asked for.
	seriesOfAll
	seriesOfOne
)

// limit returns what a question is held to: a timing, how often that, and in words.
func (r result) limit() (of timing, times float64, words string) {
	_, kept := calendarOf(r.question.zone)
	switch t := r.question.target; {
	case t == likeLookUp:
		return r.lookUp, 3, "look-up"
	case t == likeNumbers && kept:
		return r.bare, 1.3, "bare SQL"
	case (t == seriesOfAll || t == seriesOfOne) && kept:
		return r.bare, 2, "bare SQL"
	case t == seriesOfOne:
		return r.duck, 3, "DuckDB"
	case t == seriesOfAll:
		return r.duck, 1, "DuckDB"
	}
	return timing{}, 0, ""
}

// verdict tells whether the store's time is within the target, by medians, and by the
// least times in brackets, since these are sturdier on a busy machine.
func (r result) verdict() string {
	of, times, words := r.limit()
	if of.median == 0 || r.store.median == 0 {
		return "–"
	}
	return judge(r.store.median, scaled(times, of.median), fmt.Sprintf("%s %s of %g × %s", ratio(r.store.median, of.median), brackets(ratio(r.store.least, of.least)), times, words))
}

// overHTTP tells whether HTTP takes at most a millisecond more than the store, plus 1.3
// times what encoding the same bytes costs. It is judged as verdict judges.
func (r result) overHTTP() string {
	if r.http.median == 0 || r.store.median == 0 || r.http.cut || r.store.cut {
		return "–"
	}
	allowed := func(store, encode time.Duration) time.Duration { return store + time.Millisecond + scaled(1.3, encode) }
	median, least := allowed(r.store.median, r.encode.median), allowed(r.store.least, r.encode.least)
	return judge(r.http.median, median, fmt.Sprintf("%s of %s %s", ms(r.http.median), ms(median), brackets(ms(r.http.least)+" of "+ms(least))))
}

func judge(took, allowed time.Duration, words string) string {
	if took > allowed {
		return "NO, " + words
	}
	return "yes, " + words
}

func scaled(times float64, d time.Duration) time.Duration { return time.Duration(times * float64(d)) }

func brackets(text string) string { return "(" + text + ")" }
