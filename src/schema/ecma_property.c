/* SPDX-License-Identifier: PostgreSQL
 *
 * ecma_property.c: names of Unicode properties in \p{...}.
 *
 * ECMA-262 takes the names of tables 54 to 56 and of Unicode's
 * PropertyValueAliases.txt exactly as they are written there; PCRE2 takes names
 * in any case and with blanks, and only short ones for general categories.  So
 * names are looked up here and handed on as PCRE2 knows them.  Which characters
 * have a property is PCRE2's knowledge, of the version of Unicode that it has;
 * a script that it does not know yet is an error when it compiles.
 *
 * Not in PCRE2 and so not here: Changes_When_NFKC_Casefolded.
 */
#include "base/compat.h"

#include "schema/ecma_parser.h"

#define LONGEST_NAME 32

typedef struct PropertyName
{
	const char *name;
	const char *code;
} PropertyName;

/* clang-format off */

/* General_Category: any of its names, and PCRE2's. */
static const PropertyName categories[] = {
	{"C", "C"}, {"Other", "C"}, {"Cc", "Cc"}, {"Control", "Cc"}, {"cntrl", "Cc"}, {"Cf", "Cf"},
	{"Format", "Cf"}, {"Cn", "Cn"}, {"Unassigned", "Cn"}, {"Co", "Co"}, {"Private_Use", "Co"},
	{"Cs", "Cs"}, {"Surrogate", "Cs"}, {"L", "L"}, {"Letter", "L"}, {"LC", "L&"},
	{"Cased_Letter", "L&"}, {"Ll", "Ll"}, {"Lowercase_Letter", "Ll"}, {"Lm", "Lm"},
	{"Modifier_Letter", "Lm"}, {"Lo", "Lo"}, {"Other_Letter", "Lo"}, {"Lt", "Lt"},
	{"Titlecase_Letter", "Lt"}, {"Lu", "Lu"}, {"Uppercase_Letter", "Lu"}, {"M", "M"},
	{"Mark", "M"}, {"Combining_Mark", "M"}, {"Mc", "Mc"}, {"Spacing_Mark", "Mc"}, {"Me", "Me"},
	{"Enclosing_Mark", "Me"}, {"Mn", "Mn"}, {"Nonspacing_Mark", "Mn"}, {"N", "N"},
	{"Number", "N"}, {"Nd", "Nd"}, {"Decimal_Number", "Nd"}, {"digit", "Nd"}, {"Nl", "Nl"},
	{"Letter_Number", "Nl"}, {"No", "No"}, {"Other_Number", "No"}, {"P", "P"},
	{"Punctuation", "P"}, {"punct", "P"}, {"Pc", "Pc"}, {"Connector_Punctuation", "Pc"},
	{"Pd", "Pd"}, {"Dash_Punctuation", "Pd"}, {"Pe", "Pe"}, {"Close_Punctuation", "Pe"},
	{"Pf", "Pf"}, {"Final_Punctuation", "Pf"}, {"Pi", "Pi"}, {"Initial_Punctuation", "Pi"},
	{"Po", "Po"}, {"Other_Punctuation", "Po"}, {"Ps", "Ps"}, {"Open_Punctuation", "Ps"},
	{"S", "S"}, {"Symbol", "S"}, {"Sc", "Sc"}, {"Currency_Symbol", "Sc"}, {"Sk", "Sk"},
	{"Modifier_Symbol", "Sk"}, {"Sm", "Sm"}, {"Math_Symbol", "Sm"}, {"So", "So"},
	{"Other_Symbol", "So"}, {"Z", "Z"}, {"Separator", "Z"}, {"Zl", "Zl"},
	{"Line_Separator", "Zl"}, {"Zp", "Zp"}, {"Paragraph_Separator", "Zp"}, {"Zs", "Zs"},
	{"Space_Separator", "Zs"},
};

/* Binary properties: PCRE2 has the same names. */
static const char *const binaries[] = {
	"ASCII", "ASCII_Hex_Digit", "AHex", "Alphabetic", "Alpha", "Any", "Bidi_Control", "Bidi_C",
	"Bidi_Mirrored", "Bidi_M", "Case_Ignorable", "CI", "Cased", "Changes_When_Casefolded",
	"CWCF", "Changes_When_Casemapped", "CWCM", "Changes_When_Lowercased", "CWL",
	"Changes_When_Titlecased", "CWT", "Changes_When_Uppercased", "CWU", "Dash",
	"Default_Ignorable_Code_Point", "DI", "Deprecated", "Dep", "Diacritic", "Dia", "Emoji",
	"Emoji_Component", "EComp", "Emoji_Modifier", "EMod", "Emoji_Modifier_Base", "EBase",
	"Emoji_Presentation", "EPres", "Extended_Pictographic", "ExtPict", "Extender", "Ext",
	"Grapheme_Base", "Gr_Base", "Grapheme_Extend", "Gr_Ext", "Hex_Digit", "Hex",
	"IDS_Binary_Operator", "IDSB", "IDS_Trinary_Operator", "IDST", "ID_Continue", "IDC",
	"ID_Start", "IDS", "Ideographic", "Ideo", "Join_Control", "Join_C",
	"Logical_Order_Exception", "LOE", "Lowercase", "Lower", "Math", "Noncharacter_Code_Point",
	"NChar", "Pattern_Syntax", "Pat_Syn", "Pattern_White_Space", "Pat_WS", "Quotation_Mark",
	"QMark", "Radical", "Regional_Indicator", "RI", "Sentence_Terminal", "STerm",
	"Soft_Dotted", "SD", "Terminal_Punctuation", "Term", "Unified_Ideograph", "UIdeo",
	"Uppercase", "Upper", "Variation_Selector", "VS", "White_Space", "space", "XID_Continue",
	"XIDC", "XID_Start", "XIDS",
};

/* Script: four letters, and the long name. */
static const PropertyName scripts[] = {
	{"Adlm", "Adlam"}, {"Aghb", "Caucasian_Albanian"}, {"Ahom", "Ahom"}, {"Arab", "Arabic"},
	{"Armi", "Imperial_Aramaic"}, {"Armn", "Armenian"}, {"Avst", "Avestan"},
	{"Bali", "Balinese"}, {"Bamu", "Bamum"}, {"Bass", "Bassa_Vah"}, {"Batk", "Batak"},
	{"Beng", "Bengali"}, {"Bhks", "Bhaiksuki"}, {"Bopo", "Bopomofo"}, {"Brah", "Brahmi"},
	{"Brai", "Braille"}, {"Bugi", "Buginese"}, {"Buhd", "Buhid"}, {"Cakm", "Chakma"},
	{"Cans", "Canadian_Aboriginal"}, {"Cari", "Carian"}, {"Cham", "Cham"},
	{"Cher", "Cherokee"}, {"Chrs", "Chorasmian"}, {"Copt", "Coptic"}, {"Copt", "Qaac"},
	{"Cpmn", "Cypro_Minoan"}, {"Cprt", "Cypriot"}, {"Cyrl", "Cyrillic"},
	{"Deva", "Devanagari"}, {"Diak", "Dives_Akuru"}, {"Dogr", "Dogra"}, {"Dsrt", "Deseret"},
	{"Dupl", "Duployan"}, {"Egyp", "Egyptian_Hieroglyphs"}, {"Elba", "Elbasan"},
	{"Elym", "Elymaic"}, {"Ethi", "Ethiopic"}, {"Gara", "Garay"}, {"Geor", "Georgian"},
	{"Glag", "Glagolitic"}, {"Gong", "Gunjala_Gondi"}, {"Gonm", "Masaram_Gondi"},
	{"Goth", "Gothic"}, {"Gran", "Grantha"}, {"Grek", "Greek"}, {"Gujr", "Gujarati"},
	{"Gukh", "Gurung_Khema"}, {"Guru", "Gurmukhi"}, {"Hang", "Hangul"}, {"Hani", "Han"},
	{"Hano", "Hanunoo"}, {"Hatr", "Hatran"}, {"Hebr", "Hebrew"}, {"Hira", "Hiragana"},
	{"Hluw", "Anatolian_Hieroglyphs"}, {"Hmng", "Pahawh_Hmong"},
	{"Hmnp", "Nyiakeng_Puachue_Hmong"}, {"Hung", "Old_Hungarian"}, {"Ital", "Old_Italic"},
	{"Java", "Javanese"}, {"Kali", "Kayah_Li"}, {"Kana", "Katakana"}, {"Kawi", "Kawi"},
	{"Khar", "Kharoshthi"}, {"Khmr", "Khmer"}, {"Khoj", "Khojki"},
	{"Kits", "Khitan_Small_Script"}, {"Knda", "Kannada"}, {"Krai", "Kirat_Rai"},
	{"Kthi", "Kaithi"}, {"Lana", "Tai_Tham"}, {"Laoo", "Lao"}, {"Latn", "Latin"},
	{"Lepc", "Lepcha"}, {"Limb", "Limbu"}, {"Lina", "Linear_A"}, {"Linb", "Linear_B"},
	{"Lisu", "Lisu"}, {"Lyci", "Lycian"}, {"Lydi", "Lydian"}, {"Mahj", "Mahajani"},
	{"Maka", "Makasar"}, {"Mand", "Mandaic"}, {"Mani", "Manichaean"}, {"Marc", "Marchen"},
	{"Medf", "Medefaidrin"}, {"Mend", "Mende_Kikakui"}, {"Merc", "Meroitic_Cursive"},
	{"Mero", "Meroitic_Hieroglyphs"}, {"Mlym", "Malayalam"}, {"Modi", "Modi"},
	{"Mong", "Mongolian"}, {"Mroo", "Mro"}, {"Mtei", "Meetei_Mayek"}, {"Mult", "Multani"},
	{"Mymr", "Myanmar"}, {"Nagm", "Nag_Mundari"}, {"Nand", "Nandinagari"},
	{"Narb", "Old_North_Arabian"}, {"Nbat", "Nabataean"}, {"Newa", "Newa"}, {"Nkoo", "Nko"},
	{"Nshu", "Nushu"}, {"Ogam", "Ogham"}, {"Olck", "Ol_Chiki"}, {"Onao", "Ol_Onal"},
	{"Orkh", "Old_Turkic"}, {"Orya", "Oriya"}, {"Osge", "Osage"}, {"Osma", "Osmanya"},
	{"Ougr", "Old_Uyghur"}, {"Palm", "Palmyrene"}, {"Pauc", "Pau_Cin_Hau"},
	{"Perm", "Old_Permic"}, {"Phag", "Phags_Pa"}, {"Phli", "Inscriptional_Pahlavi"},
	{"Phlp", "Psalter_Pahlavi"}, {"Phnx", "Phoenician"}, {"Plrd", "Miao"},
	{"Prti", "Inscriptional_Parthian"}, {"Rjng", "Rejang"}, {"Rohg", "Hanifi_Rohingya"},
	{"Runr", "Runic"}, {"Samr", "Samaritan"}, {"Sarb", "Old_South_Arabian"},
	{"Saur", "Saurashtra"}, {"Sgnw", "SignWriting"}, {"Shaw", "Shavian"}, {"Shrd", "Sharada"},
	{"Sidd", "Siddham"}, {"Sind", "Khudawadi"}, {"Sinh", "Sinhala"}, {"Sogd", "Sogdian"},
	{"Sogo", "Old_Sogdian"}, {"Sora", "Sora_Sompeng"}, {"Soyo", "Soyombo"},
	{"Sund", "Sundanese"}, {"Sunu", "Sunuwar"}, {"Sylo", "Syloti_Nagri"}, {"Syrc", "Syriac"},
	{"Tagb", "Tagbanwa"}, {"Takr", "Takri"}, {"Tale", "Tai_Le"}, {"Talu", "New_Tai_Lue"},
	{"Taml", "Tamil"}, {"Tang", "Tangut"}, {"Tavt", "Tai_Viet"}, {"Telu", "Telugu"},
	{"Tfng", "Tifinagh"}, {"Tglg", "Tagalog"}, {"Thaa", "Thaana"}, {"Thai", "Thai"},
	{"Tibt", "Tibetan"}, {"Tirh", "Tirhuta"}, {"Tnsa", "Tangsa"}, {"Todr", "Todhri"},
	{"Toto", "Toto"}, {"Tutg", "Tulu_Tigalari"}, {"Ugar", "Ugaritic"}, {"Vaii", "Vai"},
	{"Vith", "Vithkuqi"}, {"Wara", "Warang_Citi"}, {"Wcho", "Wancho"}, {"Xpeo", "Old_Persian"},
	{"Xsux", "Cuneiform"}, {"Yezi", "Yezidi"}, {"Yiii", "Yi"}, {"Zanb", "Zanabazar_Square"},
	{"Zinh", "Inherited"}, {"Zinh", "Qaai"}, {"Zyyy", "Common"}, {"Zzzz", "Unknown"},
};

/* clang-format on */

static const char *
find_category(const char *name)
{
	for (int i = 0; i < lengthof(categories); i++)
	{
		if (strcmp(categories[i].name, name) == 0)
			return categories[i].code;
	}
	return NULL;
}

static const char *
find_binary(const char *name)
{
	for (int i = 0; i < lengthof(binaries); i++)
	{
		if (strcmp(binaries[i], name) == 0)
			return binaries[i];
	}
	return NULL;
}

static const char *
find_script(const char *name, const char *prefix)
{
	for (int i = 0; i < lengthof(scripts); i++)
	{
		if (strcmp(scripts[i].name, name) == 0 || strcmp(scripts[i].code, name) == 0)
			return psprintf("%s:%s", prefix, scripts[i].name);
	}
	return NULL;
}

const char *
ev_ecma_property(const char *text, int length, bool *negated)
{
	char name[2 * LONGEST_NAME];
	const char *found;
	char *value;

	*negated = false;
	if (length >= sizeof(name))
		return NULL;
	memcpy(name, text, length);
	name[length] = '\0';
	value = strchr(name, '=');
	if (value)
	{
		*value++ = '\0';
		if (strcmp(name, "General_Category") == 0 || strcmp(name, "gc") == 0)
			return find_category(value);
		if (strcmp(name, "Script") == 0 || strcmp(name, "sc") == 0)
			return find_script(value, "sc");
		if (strcmp(name, "Script_Extensions") == 0 || strcmp(name, "scx") == 0)
			return find_script(value, "scx");
		return NULL;
	}
	if (strcmp(name, "Assigned") == 0)
	{
		*negated = true;
		return "Cn";
	}
	found = find_category(name);
	return found ? found : find_binary(name);
}
