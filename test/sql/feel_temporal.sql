-- Dates, times and durations of FEEL.  Every expression stands beside its answer.
\pset null '(null)'
-- the session's settings do not matter
SET TimeZone = 'Asia/Kathmandu';
SET DateStyle = 'German, DMY';

-- what a text means, and that it reads back
SELECT x, events.feel(format('string(@"%s")', x), '{}') AS means
FROM unnest(ARRAY[
    '2012-12-25', '-2012-12-25', '0000-02-29', '999999999-12-31', '-999999999-01-01', '12345-01-01',
    '2012-12-25T11:00:00', '2012-12-25T11:00:00Z', '2012-12-25T11:00:00z', '2012-12-25T11:00:00.50+05:30',
    '2012-12-25T11:00:00.123456789123-00:00', '2012-12-25T11:00', '2012-12-31T24:00:00', '999999999-12-30T24:00:00',
    '2012-12-25T11:00:00@Europe/Paris', '2012-12-25T11:00:00@Etc/GMT+5', '2012-12-25T11:00:00@UTC',
    -- as Java writes it: summer time ends on the 31st at 03:00, and 02:30 comes twice
    '2021-10-30T02:30:00+02:00[Europe/Berlin]', '2021-10-31T02:30:00+02:00[Europe/Berlin]',
    '2021-10-31T02:30:00+01:00[Europe/Berlin]', '2021-10-31T02:30:00Z[UTC]',
    '11:00:00', '11:00', 'T11:00:00', '24:00:00', '00:00:00.000000001', '11:00:00+18:00', '11:00:00-00:00:01',
    '11:00:00@Asia/Dhaka',
    'P1Y2M', 'P13M', '-P13M', 'P0Y', '-P0M', 'P999999999Y', '-P768614336404564650Y7M',
    'P1DT2H3M4.5S', 'PT36H', 'PT3600S', '-PT90M', 'PT0.000S', 'P0D', '-PT0.000000001S', 'PT9223372036854775807.999999999S'
]) WITH ORDINALITY AS t(x, n) ORDER BY n;

-- what is none
SELECT x, events.feel(format('string(@"%s")', x), '{}') AS means
FROM unnest(ARRAY[
    '', '2023-02-29', '2023-06-31', '2100-02-29', '2012-13-01', '2012-00-01', '2012-01-00', '+2012-12-25', '02012-12-25', '212-12-25',
    '9999999999-12-25', '2012-12-5', '2012/12/25', '2012-12-25Z', ' 2012-12-25', '2012-12-25 ',
    '2012-12-25T', '2012-12-25t11:00:00', '2012-12-25 11:00:00', '2012-12-25T24:00:01', '2012-12-25T24:01:00', '2012-12-25T25:00:00',
    '2012-12-25T11:60:00', '2012-12-25T11:00:60', '2012-12-25T11:00:00.', '2012-12-25T1:00:00', '2012-12-25T11:00:00,5',
    '999999999-12-31T24:00:00',
    '11:00:00+5', '11:00:00+5:00', '11:00:00+0500', '11:00:00+18:00:01', '11:00:00+19:00', '11:00:00+05:60', '11:00:00ZZ',
    -- regions are those of the database, in its spelling: no zones of POSIX, no folders, no other case
    '11:00:00@', '11:00:00@xyz/abc', '11:00:00@europe/paris', '11:00:00@EUROPE/PARIS', '11:00:00@FOO5', '11:00:00@FOO5BAR',
    '11:00:00@Foo/Bar5', '11:00:00@UTC0', '11:00:00@Etc/GMT+99', '11:00:00@Europe', '11:00:00@Europe/', '11:00:00@right/Europe/Paris',
    '11:00:00@posix/Europe/Paris', '11:00:00@localtime', '11:00:00@../zoneinfo/Europe/Paris', '11:00:00@Europe//Paris', '11:00:00@<UTC>5',
    '2012-12-25T11:00:00+02:00@Europe/Paris', '2012-12-25T11:00:00+05:00[Europe/Paris]', '2012-12-25T11:00:00[Europe/Paris]',
    '2012-12-25T11:00:00+01:00[]', '2012-12-25T11:00:00+01:00[', '11:00:00+01:00[Europe/Paris]',
    'P', '-P', 'PT', 'P1', 'P1DT', 'P1H', 'P1S', 'PT1D', 'P1Y1D', 'P1M1Y', 'PT1S1M', 'P1W', 'PT.5S', 'PT1.S', 'PT1.5M', 'P-1D', '+P1D',
    'P768614336404564651Y', 'PT9223372036854775808S', 'P106751991167301D', 'P99999999999999999999D'
]) WITH ORDINALITY AS t(x, n) ORDER BY n;

-- functions
SELECT x, events.feel(x, '{"day": "2012-12-25", "moment": "2012-12-24T23:59:00-08:00"}') AS answer
FROM unnest(ARRAY[
    'date(day)', 'date(from: day)', 'date(@"2012-12-25")', 'date(@"2012-12-25T23:00:00-08:00")', 'date(@"11:00:00")', 'date(2012)', 'date(null)',
    'date(2012, 2, 29)', 'date(2013, 2, 29)', 'date(-5, 1, 1)', 'date(year: 2012, month: 3, day: 1)', 'date(2012.5, 1, 1)', 'date(2012, 13, 1)',
    'date(1000000000, 1, 1)', 'date(10 ** 40, 1, 1)', 'date(2012, null, 1)', 'date(2012, 1)', 'date()',
    'time("11:00:00")', 'time(from: "11:00:00Z")', 'time(@"11:00:00")', 'time(@"2012-12-25T11:00:00@Europe/Paris")', 'time(@"2012-12-25")', 'time(11)',
    'time(11, 59, 45)', 'time(11, 59, 45, null)', 'time(11, 59, 1.3, @"-PT1H")', 'time(11, 59, 45, @"PT2H45M55S")', 'time(11, 59, 45, @"PT18H1S")',
    'time(hour: 11, minute: 59, second: 0, offset: @"PT0S")', 'time(24, 0, 0)', 'time(0, 60, 0)', 'time(0, 0, 60)', 'time(0, 0, -1)', 'time(0.5, 0, 0)',
    'time(12, 11, null)', 'time(null, 11, 45)', 'time(11, 59, 45, @"P1M")', 'time(11, 59, 45, @"PT0.5S")',
    'date and time(moment)', 'date and time(day)', 'date and time("11:00:00")', 'date and time(from: moment)', 'date and time(null)',
    'date and time(@"2012-12-25", @"11:00:00@Europe/Paris")', 'date and time(@"2012-12-25T10:00:00Z", @"11:00:00")',
    'date and time(date: @"2012-12-25", time: @"11:00:00+01:00")', 'date and time(@"2012-12-25", null)',
    'date and time(@"2020-07-31T14:27:30@Europe/Berlin", "Z")', 'date and time(@"2020-07-31T14:27:30Z", "America/New_York")',
    'date and time(@"2020-07-31T14:27:30", "+02:00")', 'date and time(@"2020-07-31T14:27:30Z", "FOO5")',
    'date and time(2012, 12, 25, 11, 0, 0.25)', 'date and time(2012, 12, 25, 11, 0, 0, @"PT2H")', 'date and time(2012, 12, 25, 11, 0, 0, "Europe/Paris")',
    'date and time(2012, 12, 25, 24, 0, 0)', 'date and time(2012, 2, 30, 11, 0, 0)', 'date and time(2012, 12, 25, 11, 0, 0, "xyz")',
    'duration("P26M")', 'duration(from: "PT24H")', 'duration(5)', 'duration(@"P1D")',
    'years and months duration(@"2011-12-22", @"2013-08-24")', 'years and months duration(@"2013-08-24", @"2011-12-22")',
    'years and months duration(@"2020-02-29", @"2021-02-28")', 'years and months duration(@"2021-02-28", @"2020-02-29")',
    'years and months duration(from: @"2014-12-31T23:59:59", to: @"2016-12-31T00:00:01")', 'years and months duration(@"2014-12-31T23:59:59", @"-2019-10-01")',
    'years and months duration(@"-999999999-01-01", @"999999999-12-31")', 'years and months duration(null, @"2013-08-24")',
    'day of year(@"2020-12-31")', 'day of year(@"-0004-12-31T10:00:00")', 'day of year(day)', 'day of week(@"1970-01-01")', 'day of week(@"-999999999-01-01")',
    'day of week(date: @"999999999-12-31")', 'month of year(@"2019-09-17")', 'week of year(@"2003-12-31")', 'week of year(@"2010-01-01")', 'week of year(@"2005-01-01")',
    'week of year(@"999999999-12-31")', 'week of year(@"-999999999-01-01")', 'month of year(null)', 'day of year(value: @"1970-01-01")'
]) WITH ORDINALITY AS t(x, n) ORDER BY n;

-- now and today are of the moment when the transaction began, in UTC
BEGIN;
SELECT (events.feel('now()', '{}') #>> '{}')::timestamptz = now() AS now,
       (events.feel('today()', '{}') #>> '{}')::text = to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today,
       events.feel('now() = now() and is(today(), date(now())) and now().time offset = @"PT0S"', '{}') AS steady;
COMMIT;

-- properties
SELECT x, events.feel(x, '{}') AS answer
FROM unnest(ARRAY[
    '[@"-2012-12-25".year, @"2012-12-25".month, @"2012-12-25".day, @"2012-12-25".weekday, @"1969-12-31".weekday]',
    '@"2012-12-25".hour', '@"2012-12-25".timezone',
    '[@"2012-12-25T11:22:33.5".year, @"2012-12-25T11:22:33.5".weekday, @"2012-12-25T11:22:33.5".hour, @"2012-12-25T11:22:33.5".minute, @"2012-12-25T11:22:33.5".second]',
    '[@"11:22:33".hour, @"11:22:33".minute, @"11:22:33".second]', '@"11:22:33".day',
    '@"11:22:33".time offset', '@"11:22:33".timezone', '@"11:22:33-05:30".time offset', '@"11:22:33-05:30".timezone', '@"11:22:33@Asia/Dhaka".timezone',
    '@"11:22:33@Asia/Dhaka".time offset', '@"11:22:33@Europe/Paris".time offset', '@"11:22:33@Australia/Melbourne".time offset',
    '@"2021-01-01T00:00:00@Europe/Paris".time offset', '@"2021-07-01T00:00:00@Europe/Paris".time offset', '@"3021-07-01T00:00:00@Europe/Paris".time offset',
    '@"999999999-07-01T00:00:00@Australia/Melbourne".time offset',
    -- clocks go from 02:00 to 03:00, and from 03:00 to 02:00
    '@"2021-03-28T02:30:00@Europe/Paris".time offset', '@"2021-03-28T03:00:00@Europe/Paris".time offset',
    '@"2021-10-31T02:30:00@Europe/Paris".time offset', '@"2021-10-31T03:00:00@Europe/Paris".time offset',
    -- a day that Samoa left out
    '@"2011-12-29T23:00:00@Pacific/Apia".time offset', '@"2011-12-30T12:00:00@Pacific/Apia".time offset', '@"2011-12-31T00:00:00@Pacific/Apia".time offset',
    '[@"P2Y3M".years, @"P2Y3M".months, @"-P2Y3M".years, @"-P2Y3M".months, @"P5M".years]', '@"P2Y3M".days',
    '[@"P1DT2H3M4.9S".days, @"P1DT2H3M4.9S".hours, @"P1DT2H3M4.9S".minutes, @"P1DT2H3M4.9S".seconds, @"-P1DT2H3M4.9S".seconds]', '@"P1D".months',
    '@"2012-12-25".foo'
]) WITH ORDINALITY AS t(x, n) ORDER BY n;

-- arithmetic
SELECT x, events.feel(x, '{}') AS answer
FROM unnest(ARRAY[
    '@"2021-01-31" + @"P1M"', '@"2020-02-29" + @"P1Y"', '@"2020-02-29" - @"P1Y"', '@"P1M" + @"2021-01-31"', '@"2021-01-01" - @"P1M"', '@"-2021-01-01" - @"P1M"', '@"2021-01-01" + @"P1D"', '@"2021-01-01" + @"PT36H"',
    '@"2021-01-01" - @"PT1S"', '@"999999999-12-31" + @"P1D"', '@"-999999999-01-01" - @"P1D"', '@"999999999-12-31" + @"P1M"', '@"2021-01-01" + @"P9223372036854775807M"',
    '@"2021-01-01T10:00:00" + @"PT9223372036854775807S"', '@"2021-01-31T10:00:00@Europe/Paris" + @"P1M"', '@"2021-01-01T00:00:00.5" - @"PT0.7S"', '@"2021-01-01T00:00:00+05:00" - @"PT1S"',
    -- a day is 24 hours also where clocks change; a month is not
    '@"2021-03-27T10:00:00@Europe/Paris" + @"P1D"', '@"2021-02-28T10:00:00@Europe/Paris" + @"P1M"', '@"2021-03-28T01:59:59@Europe/Paris" + @"PT1S"', '@"2021-10-31T02:59:59@Europe/Paris" + @"PT1S"',
    '@"23:59:59.5" + @"PT0.5S"', '@"00:00:00" - @"PT0.000000001S"', '@"10:00:00+05:00" + @"P1DT1H"', '@"10:00:00@Asia/Dhaka" - @"PT11H"', '@"10:00:00" + @"PT9223372036854775807S"', '@"10:00:00" + @"P1M"',
    '@"2021-01-02" - @"2021-01-01"', '@"2021-01-01" - @"2021-01-02"', '@"999999999-12-31" - @"-999999999-01-01"', '@"2021-01-02T10:00:00.25" - @"2021-01-01T10:00:00.5"',
    '@"2021-01-02T10:10:10@Europe/Paris" - @"1995-01-01T10:10:10@Asia/Dhaka"', '@"2021-01-02T00:00:00Z" - @"2021-01-01"', '@"2021-01-02" - @"2021-01-01T10:10:10+11:00"',
    '@"2021-01-02" - @"2021-01-01T10:10:10"', '@"2021-01-02T10:00:00Z" - @"2021-01-01T10:00:00"', '@"10:00:00" - @"11:30:00"', '@"10:00:00+01:00" - @"10:00:00Z"', '@"10:00:00Z" - @"10:00:00"',
    '@"10:00:00@Europe/Paris" - @"10:00:00Z"', '@"10:00:00" - @"2021-01-01"', '@"2021-01-01" + @"2021-01-01"', '@"P1D" - @"2021-01-01"', '@"10:00:00" + @"10:00:00"',
    '@"P1Y" + @"P2M"', '@"P1D" + @"PT24H"', '@"P1Y" - @"P13M"', '@"P1D" - @"PT25H"', '@"PT0.3S" - @"PT0.5S"', '@"P1Y" + @"P1D"', '@"P1D" - @"P1Y"', '@"P9223372036854775807M" + @"P1M"', '@"-P9223372036854775807M" - @"P1M"',
    '@"PT9223372036854775807S" + @"PT0.999999999S"', '@"PT9223372036854775807.5S" + @"PT0.5S"', '@"P1Y" / @"P5M"', '@"-PT1M" / @"PT0.5S"', '@"P1D" / @"P0D"', '@"P1Y" / @"P1D"', '@"P1D" * @"P1D"'
]) WITH ORDINALITY AS t(x, n) ORDER BY n;
SELECT x, events.feel(x, '{}') AS answer
FROM unnest(ARRAY[
    '@"P1D" * 2.5', '2.5 * @"P1D"', '@"P5M" * 0.5', '@"-P5M" * 0.5', '@"PT1S" / 3', '@"-PT2S" / 3', '@"P1Y" / 5', '@"P1Y" / 0', '@"P1D" / 0', '@"P1D" * 0',
    '@"P1D" * 10 ** 6000', '@"P1M" * 10 ** 18', '@"P1M" * 10 ** 19', '@"P10M" / 10 ** -18', '@"PT1S" * 10 ** -10', '@"PT9223372036854775807.999999999S" * 1',
    '1 / @"P1D"', '@"P1D" * "a"', '@"P1D" * null', 'null + @"P1D"', '@"2021-01-01" * 2', '@"2021-01-01" + 1', '@"P1D" + 1',
    '-@"P1D"', '-@"-P1M"', '-@"PT0S"', '-@"2021-01-01"'
]) WITH ORDINALITY AS t(x, n) ORDER BY n;

-- order, in whole seconds, of moments where there are zones
SELECT x, events.feel(x, '{}') AS answer
FROM unnest(ARRAY[
    '@"2021-01-01" < @"2021-01-02"', '@"-0001-12-31" < @"0000-01-01"', '@"10:00:00" < @"10:00:01"', '@"10:00:00.1" = @"10:00:00.2"', '@"10:00:00.1" < @"10:00:00.2"',
    '@"10:00:00+01:00" < @"10:00:00Z"', '@"10:00:00+01:00" = @"09:00:00Z"', '@"10:00:00" = @"10:00:00Z"', '@"10:00:00" < @"11:00:00Z"', '@"10:00:00@Europe/Paris" = @"10:00:00+01:00"',
    '@"2018-10-08T00:00:00+02:00" = @"2018-10-08T00:00:00@Europe/Paris"', '@"2018-12-08T00:00:00+02:00" = @"2018-12-08T00:00:00@Europe/Paris"',
    '@"2021-01-01T00:00:00Z" > @"2021-01-01T00:00:00+01:00"', '@"2021-01-01T00:00:00Z" > @"2021-01-01T00:00:00"', '@"2021-01-01T00:00:00Z" = @"2021-01-01T00:00:00"',
    '@"2021-01-01T10:00:00@Australia/Melbourne" = @"2021-01-01T10:00:00@Australia/Sydney"',
    '@"PT24H" = @"P1D"', '@"PT0.1S" < @"PT0.2S"', '@"-PT0.1S" < @"-PT0.05S"', '@"P11M" < @"P1Y"', '@"P1Y" = @"P12M"',
    'is(@"P1Y", @"P12M")', 'is(@"PT24H", @"P1D")', 'is(@"10:00:00.1", @"10:00:00.2")', 'is(@"10:00:00Z", @"10:00:00+00:00")', 'is(@"10:00:00Z", @"10:00:00@UTC")',
    'is(@"10:00:00+01:00", @"09:00:00Z")', 'is(@"2021-01-01", @"2021-01-01")', 'is(@"2021-01-01T10:00:00@Australia/Melbourne", @"2021-01-01T10:00:00@Australia/Sydney")',
    'sort([@"2021-01-03", @"2021-01-01", @"2021-01-02"], function(x, y) x < y)', 'max(@"P1D", @"PT36H")', 'min([@"10:00:00Z", @"10:30:00+01:00"])',
    'for d in @"2021-02-27"..@"2021-03-01" return d', 'abs(@"-P1DT1S")', '@"2021-01-15" in [@"2021-01-01"..@"2021-01-31"]'
]) WITH ORDINALITY AS t(x, n) ORDER BY n;

-- the same again in another time zone of the session
SET TimeZone = 'America/New_York';
SELECT events.feel('[time(@"2021-07-01"), date and time("2021-07-01"), @"2021-07-01T00:00:00@Europe/Paris" - @"2021-07-01"]', '{}') AS same;

-- why something is null
SELECT x, message
FROM unnest(ARRAY[
    '@"tomorrow"', 'date("tomorrow")', 'date("2023-02-29")', 'date and time("2023-02-28T25:00:00")', 'time("11:00:00+19:00")', 'time("11:00:00@Europe/Nowhere")',
    'date and time("2021-01-01T00:00:00+05:00[Europe/Paris]")',
    'duration("P1W")', 'duration("P99999999999999999999D")', 'duration("' || repeat('P1D', 25) || '")',
    'date(2023, 2, 29)', 'date(2023.5, 2, 29)', 'time(25, 0, 0)', 'time(1, 0, 0, @"PT19H")', 'date and time(@"2021-01-01T00:00:00Z", "FOO5")',
    'date(@"999999999-12-31") + @"P1D"', '@"2021-01-01" + @"P9999999999999999M"', '@"P9223372036854775807M" * 2', '@"P1D" + @"P1M"', '@"2021-01-01" * 2',
    '@"2021-01-01T00:00:00Z" - @"2021-01-01T00:00:00"', '@"P1D" / 0'
]) WITH ORDINALITY AS t(x, n), events.feel_problems(x, '{}') ORDER BY n;
