/* SPDX-License-Identifier: PostgreSQL
 *
 * vector.c: a tsvector out of many pieces of text, each with its weight.
 *
 * A piece goes through the parser and the dictionaries of its configuration, as in
 * to_tsvector().  Between pieces lies a gap of positions, so that no phrase reaches
 * from one into the next.
 *
 * Most pieces of an event are in the next one too: type, topic, source, the keys of
 * its data.  What became of those is remembered (`Memory` below), which is most of
 * the speed; it is forgotten when a configuration or a dictionary changes, and when
 * it has grown to its limit.
 *
 * Words longer than a tsvector takes are left out, without the server's NOTICE: nobody
 * who could hear it has written them.  Of the positions of a word the first 255 are
 * kept, and those past 16,383 are that number, as everywhere in the server.
 */
#include "base/compat.h"

#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "search/vector.h"
#include "utils/formatting.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* Positions left free between two pieces: more than the stop words of a phrase. */
#define GAP 4

/* What is remembered: so many pieces, none longer than this. */
#define MAX_PIECES 16384
#define MAX_PIECE_LENGTH 100
#define MAX_MEMORY (8 * 1024 * 1024)

typedef struct PieceKey
{
	const char *text;
	int length;
	Oid configuration;
	bool is_name;
} PieceKey;

typedef struct PieceWord
{
	const char *text;
	uint64 head;
	uint16 length;
	uint16 offset; /* of its position from that before the piece */
} PieceWord;

typedef struct Piece
{
	PieceKey key;
	PieceWord *words;
	int nwords;
	int span; /* positions that it takes */
	uint32 hash;
	char status;
} Piece;

static inline uint32
hash_key(PieceKey key)
{
	return hash_bytes((const unsigned char *) key.text, key.length) ^
		   murmurhash32(key.configuration * 2 + key.is_name);
}

static inline bool
same_key(PieceKey a, PieceKey b)
{
	return a.length == b.length && a.configuration == b.configuration && a.is_name == b.is_name &&
		   memcmp(a.text, b.text, a.length) == 0;
}

#define SH_PREFIX pieces
#define SH_ELEMENT_TYPE Piece
#define SH_KEY_TYPE PieceKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_key(k)
#define SH_EQUAL(tb, a, b) same_key(a, b)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, e) (e)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The memory. */
static MemoryContext context = NULL;
static pieces_hash *pieces = NULL;
static bool is_stale = false;

static void
forget(Datum arg, int cache, uint32 hash)
{
	/* Somebody may be using it right now. */
	is_stale = true;
}

static void
begin_memory(void)
{
	if (context == NULL)
	{
		static const int caches[] = {TSCONFIGMAP, TSCONFIGOID, TSDICTOID, TSPARSEROID};

		context = AllocSetContextCreate(TopMemoryContext, "events search words",
										ALLOCSET_DEFAULT_SIZES);
		for (int i = 0; i < lengthof(caches); i++)
			CacheRegisterSyscacheCallback(caches[i], forget, (Datum) 0);
		is_stale = true;
	}
	if (!is_stale && pieces->members < MAX_PIECES &&
		MemoryContextMemAllocated(context, false) < MAX_MEMORY)
		return;
	pieces = NULL;
	is_stale = true; /* should there be no memory for the next */
	MemoryContextReset(context);
	pieces = pieces_create(context, 256, NULL);
	is_stale = false;
}

void
ev_vector_begin(EvVector *vector, Oid configuration)
{
	begin_memory();
	memset(vector, 0, sizeof(EvVector));
	vector->configuration = configuration;
	vector->room = 128;
	vector->words = palloc(sizeof(EvVectorWord) * vector->room);
	vector->parsed.lenwords = 16;
	vector->parsed.words = palloc(sizeof(ParsedWord) * vector->parsed.lenwords);
}

/* ---- collecting words */

/* The first bytes of a word as a number that has their order. */
static inline uint64
head_of(const char *text, int length)
{
	uint64 head = 0;

	memcpy(&head, text, Min(length, (int) sizeof(head)));
	return pg_ntoh64(head);
}

static inline void
add_word(EvVector *vector, const EvVectorWord *word, int position, int weight)
{
	EvVectorWord *added;

	/* Each may be another lexeme, and have to be aligned. */
	if (vector->size + word->length + 4 * sizeof(uint16) > MAXSTRPOS)
	{
		vector->is_full = true;
		return;
	}
	vector->size += word->length + 4 * sizeof(uint16);
	if (vector->nwords == vector->room)
	{
		vector->room *= 2;
		vector->words = repalloc(vector->words, sizeof(EvVectorWord) * vector->room);
	}
	added = &vector->words[vector->nwords++];
	*added = *word;
	added->entry = LIMITPOS(position);
	WEP_SETWEIGHT(added->entry, weight);
}

static void
add_lexeme(EvVector *vector, const char *text, int length, int position, int weight)
{
	EvVectorWord word = {text, head_of(text, length), length, 0};

	if (length > 0 && length < MAXSTRLEN)
		add_word(vector, &word, position, weight);
}

/* parsetext() says in a NOTICE that a word is too long. */
static void
parse_quietly(EvVector *vector, const char *text, int length)
{
	int level = NewGUCNestLevel();

	(void) set_config_option("client_min_messages", "warning", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("log_min_messages", "warning", PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	parsetext(vector->configuration, &vector->parsed, unconstify(char *, text), length);
	AtEOXact_GUC(false, level);
}

/* The words of a text, from the position after the present one on. */
static void
add_parsed(EvVector *vector, const char *text, int length, int weight)
{
	ParsedText *parsed = &vector->parsed;

	parsed->curwords = 0;
	parsed->pos = vector->position;
	if (length >= MAXSTRLEN)
		parse_quietly(vector, text, length);
	else
		parsetext(vector->configuration, parsed, unconstify(char *, text), length);
	for (int i = 0; i < parsed->curwords; i++)
		add_lexeme(vector, parsed->words[i].word, parsed->words[i].len, parsed->words[i].pos.pos,
				   weight);
	vector->position = parsed->pos;
}

/* Has it anything but letters and digits?  `apart` gets it with blanks in their place. */
static bool
take_apart(const char *text, int length, char *apart)
{
	bool found = false;

	for (int i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];
		bool is_part = IS_HIGHBIT_SET(c) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
					   (c >= 'A' && c <= 'Z');

		apart[i] = is_part ? c : ' ';
		found |= !is_part;
	}
	return found;
}

static void
add_parsed_name(EvVector *vector, const char *text, int length, int weight)
{
	char *apart = palloc(length + 1);
	char *lower = str_tolower(text, length, DEFAULT_COLLATION_OID);
	int before = vector->position;
	int after;

	add_lexeme(vector, lower, strlen(lower), before + 1, weight);
	add_parsed(vector, text, length, weight);
	after = vector->position;
	if (take_apart(text, length, apart))
	{
		vector->position = before;
		add_parsed(vector, apart, length, weight);
	}
	vector->position = Max(vector->position, after);
}

/* ---- remembering them */

static void
recall(EvVector *vector, const Piece *piece, int weight)
{
	for (int i = 0; i < piece->nwords; i++)
	{
		EvVectorWord word = {piece->words[i].text, piece->words[i].head, piece->words[i].length, 0};

		add_word(vector, &word, vector->position + piece->words[i].offset, weight);
	}
	vector->position += piece->span;
}

/* Keep the words of the vector from `first` on, which begin after position `before`. */
static void
keep(const EvVector *vector, PieceKey key, int first, int before)
{
	int n = vector->nwords - first;
	PieceWord *words = MemoryContextAlloc(context, sizeof(PieceWord) * Max(n, 1));
	Piece *piece;
	bool found;

	for (int i = 0; i < n; i++)
	{
		const EvVectorWord *word = &vector->words[first + i];
		char *copy = MemoryContextAlloc(context, word->length);

		memcpy(copy, word->text, word->length);
		words[i].text = copy;
		words[i].head = word->head;
		words[i].length = word->length;
		words[i].offset = WEP_GETPOS(word->entry) - before;
	}
	key.text = memcpy(MemoryContextAlloc(context, Max(key.length, 1)), key.text, key.length);
	piece = pieces_insert(pieces, key, &found);
	Assert(!found);
	piece->words = words;
	piece->nwords = n;
	piece->span = vector->position - before;
}

static void
add_piece(EvVector *vector, PieceKey key, int weight, bool remember)
{
	Piece *piece = remember ? pieces_lookup(pieces, key) : NULL;
	int first = vector->nwords;
	int before = vector->position;

	if (piece != NULL)
	{
		recall(vector, piece, weight);
		vector->position += GAP;
		return;
	}
	if (key.is_name)
		add_parsed_name(vector, key.text, key.length, weight);
	else
		add_parsed(vector, key.text, key.length, weight);
	/* Positions must be exact to be of use elsewhere. */
	if (remember && !vector->is_full && vector->position < MAXENTRYPOS - 1)
		keep(vector, key, first, before);
	vector->position += GAP;
}

void
ev_vector_add(EvVector *vector, const char *text, int length, int weight, bool remember)
{
	PieceKey key = {text, length, vector->configuration, false};

	add_piece(vector, key, weight, remember && length <= MAX_PIECE_LENGTH);
}

void
ev_vector_add_name(EvVector *vector, const char *text, int length, int weight, bool remember)
{
	PieceKey key = {text, length, vector->configuration, true};

	add_piece(vector, key, weight, remember && length <= MAX_PIECE_LENGTH);
}

/* ---- making the tsvector */

static inline int
compare_texts(const EvVectorWord *a, const EvVectorWord *b)
{
	int result;

	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	result = memcmp(a->text, b->text, Min(a->length, b->length));
	return result != 0 ? result : (int) a->length - (int) b->length;
}

/* By text; of one text by position, at one position the greatest weight first. */
static inline int
compare_words(const EvVectorWord *a, const EvVectorWord *b)
{
	int result = compare_texts(a, b);

	if (result == 0)
		result = WEP_GETPOS(a->entry) - WEP_GETPOS(b->entry);
	return result != 0 ? result : WEP_GETWEIGHT(b->entry) - WEP_GETWEIGHT(a->entry);
}

#define ST_SORT sort_words
#define ST_ELEMENT_TYPE EvVectorWord
#define ST_COMPARE(a, b) compare_words(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* How many different texts there are, and an upper bound of the bytes of all. */
static int
count_lexemes(const EvVector *vector, Size *size)
{
	int n = 0;

	*size = 0;
	for (int i = 0; i < vector->nwords; i++)
	{
		const EvVectorWord *word = &vector->words[i];

		if (i == 0 || compare_texts(word - 1, word) != 0)
		{
			*size = SHORTALIGN(*size + word->length) + sizeof(uint16);
			n++;
		}
		*size += sizeof(WordEntryPos);
	}
	return n;
}

/* The positions of words[0 .. n), all of one text; how many. */
static int
put_positions(WordEntryPosVector *positions, const EvVectorWord *words, int n)
{
	positions->npos = 0;
	for (int i = 0; i < n && positions->npos < MAXNUMPOS - 1; i++)
	{
		if (i > 0 && WEP_GETPOS(words[i].entry) == WEP_GETPOS(words[i - 1].entry))
			continue;
		positions->pos[positions->npos++] = words[i].entry;
	}
	return positions->npos;
}

TSVector
ev_vector_finish(EvVector *vector)
{
	Size size;
	int n;
	int offset = 0;
	TSVector result;
	WordEntry *entry;

	sort_words(vector->words, vector->nwords);
	n = count_lexemes(vector, &size);
	result = palloc0(CALCDATASIZE(n, size));
	result->size = n;
	entry = ARRPTR(result);
	for (int i = 0; i < vector->nwords; entry++)
	{
		const EvVectorWord *word = &vector->words[i];
		int same = 1;

		while (i + same < vector->nwords && compare_texts(word, word + same) == 0)
			same++;
		entry->haspos = 1;
		entry->len = word->length;
		entry->pos = offset;
		memcpy(STRPTR(result) + offset, word->text, word->length);
		offset = SHORTALIGN(offset + word->length);
		offset += sizeof(uint16) +
				  sizeof(WordEntryPos) *
					  put_positions((WordEntryPosVector *) (STRPTR(result) + offset), word, same);
		i += same;
	}
	SET_VARSIZE(result, CALCDATASIZE(n, offset));
	return result;
}
