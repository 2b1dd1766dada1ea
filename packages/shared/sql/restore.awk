# Of what pg_restore prints of a dump's data: each table's rows go into a table of the session's own, which restore.sql compares with
# the real one. That nothing is missing is told on its last line, after pg_restore has said so.
!rows && /^COPY public\..* FROM stdin;$/ {
  table = $2
  sub(/^public\./, "", table)
  columns = $0
  sub(/^[^(]*\(/, "", columns)
  sub(/\) FROM stdin;$/, "", columns)
  print "create temp table " table " as select " columns " from public." table " with no data;"
  sub(/^COPY public\./, "COPY pg_temp.")
  rows = 1
}
!rows && /^-- PostgreSQL database dump complete$/ { whole = 1 }
{ print }
rows && $0 == "\\." { rows = 0 }
END { if (whole && !rows) print "set local nexus.whole = 'yes';" }
