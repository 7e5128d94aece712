"""Normalise the name of a sport, as given by a device, a service or a person in any of some 20 languages."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

RUNNING, INDOOR_RUNNING = "running", "indoor running"
MAX_TEXT = 200  # characters of a text that are searched
OTHER = "other"
SILENT = {"", "unknown", "uncategorized", "undefined", "activity", "track"}  # names that say nothing about the sport
VAGUE = {  # names that only say that it is none of those that a device knows
    *(OTHER, "sport", "workout", "sonstige", "sonstiges", "andere", "autre", "otro", "outro", "altro", "anders", "inne", "annat"),
    *("andet", "annet", "другое", "その他", "其他", "기타"),
}
ALONE = {  # names of a sport only if nothing else is said; the numbers are Strava's, in GPX files
    "trail": RUNNING,
    "cinta": INDOOR_RUNNING,
    "1": "cycling",
    "2": "skiing",
    "3": "skiing",
    "4": "hiking",
    "5": "skating",
    "6": "skating",
    "7": "skiing",
    "8": "skiing",
    "9": RUNNING,
    "10": "walking",
    "12": "skiing",
    "16": "swimming",
    "17": "cycling",
    "18": "cycling",
    "23": "rowing",
    "53": INDOOR_RUNNING,
}

# Words for each sport; of several sports in a text the first in this table counts. A star stands for any letters, "_" for a
# space, "$" for the end of a word. In scripts without spaces between words, an entry is found anywhere.
WORDS = {
    "transition": "transition",
    "horse riding": "horseback* equestrian equitation reiten reitsport equitacion equitazione paardrijden 骑马 騎馬 乗馬 승마",
    "skiing": """ski skis skiing backcountryski nordicski alpineski rollerski* skitour* skifahr* skilang* skilauf*
        langlauf* biegi_narciarskie skidor skidakning langdskid* skilop* langrenn* hiihto* esqui* sci narciar* narty
        snowboard* 滑雪 スキー スノーボード 스키 스노보드 лыж*""",
    "skating": """skat* iceskat* inlineskat* inline eislauf* schlittschuh* rollschuh* patin* pattin* rolki lyzw*
        schaats* skeeler* skoyt* rullskridsk* rollerblad* 滑冰 轮滑 スケート 스케이트 인라인 ролик* коньк*""",
    "cycling": """cycl* *bike bike* biking mountainbik* bicycl* ride rides riding virtualride ebikeride gravelride
        mountainbikeride mtb bmx rad radl radeln laufrad* *radfahr* radtour* radausfahrt* radsport* *fahrrad* rennrad* fahrt
        ausfahrt* rundfahrt* velo velos velofahr* velotour* vtt ciclis* bici bicis bici_da_corsa bicicl*
        giro_mattutino giro_pomeridiano giro_serale giro_notturno giro_all_ora_di_pranzo spinning surus* pedal* fiets*
        *wielren* racefiets* ochtendrit middagrit avondrit *sykl* *sykkel* *cykl* *cykel* cyklo* rower rower* jazda
        przejazdzk* kolarst* kolarz* kolo *pyoraily* kerekpar* bisiklet* bersepeda sepeda dap_xe 骑 騎 单车 單車
        自行车 サイクリング サイクル 自転車 ライド バイク 자전거 사이클 라이딩 라이드 вело* заезд* ποδηλα* จักรยาน
        ปั่น دراجة רכיבה""",
    "running": """run runs running runner* *run *running jog jogs jogg* *jogging marathon* *marathon parkrun fartlek
        *lauf *laufen lauf* course courses courir footing corrid* corre corrend* correr carrera* trote maraton* corsa corse
        corsetta correre hardlop* hardloop* lopen loopsessie looptraining ochtendloop middagloop avondloop bieg biegi
        biegu bieganie biegan* biezn* przebiezk* *lopning* lop lopr* loptur* lopband* *lob lobe lobet* lobeband*
        *loping *lopet* lope *juoksu* beh behani futas* kosu* rodaje lari chay_bo alergare 跑 ランニング ラン$
        ジョギング ジョグ マラソン トレラン 走る 走り 持久走 ペース走 달리기 러닝 런닝 런$ 조깅 마라톤 бег бега бегу
        беговая пробежк* забег* биг пробижк* марафон* τρεξιμο วิ่ง جري ריצה""",
    "swimming": """swim* *swim *swimming schwimm* *schwimmen natation natacion natacao nuoto nuotata zwem* simning*
        simma svom* plywa* plavan* uinti uszas yuzme renang boi_loi 泳 スイム スイミング 수영 плаван* ว่ายน้ำ سباحة
        שחייה""",
    "hiking": """hike hikes hiking trek treks trekking wandern wanderung* wandertour* wandertag* bergwander*
        bergsteig* rando* senderis* excursion* escursion* trilha* trilho* wedrow* turystyk* wycieczk* vandr* fottur*
        fjelltur* vaellus* turistika kirandul* 徒步 登山 爬山 健行 远足 ハイキング トレッキング 山歩き 등산 하이킹
        트레킹 поход* пешии_туризм""",
    "walking": """walk walks walking *walk *walking spazier* *spaziergang gehen marche marcher promenade* caminar
        caminat* caminhad* andar paseo passeggiat* camminat* camminare wandelen wandeling* wandeltocht* promenad*
        gatur* gang gange spacer* chod* chuze marsz* *kavely* yuruyus* jalan_kaki di_bo 步行 走 散步 ウォーキング
        ウォーク 散歩 歩 걷기 산책 워킹 ходьба прогулк* เดิน مشي הליכה""",
    "paddling": "kayak* canoe* kanu* kajak* paddl* piragu* sup カヤック 皮划艇 카약",
    "rowing": "row rowing ruder* aviron canottaggi* remo roeien wioslar* 划船 赛艇 로잉 гребл*",
    "strength training": """strength* weighttraining weight_training weights gym krafttraining musculation fuerza
        pesas musculacao krachttraining styrketrening styrketraning silownia 力量训练 筋トレ 근력 силов*""",
}
TREADMILL = """treadmill* laufband* tapis cinta_de_correr en_cinta esteira* loopband* lopband* lobeband* tredemolle
    biezn* 跑步机 トレッドミル ランニングマシン ルームランナー 트레드밀 러닝머신 런닝머신 беговая_дорожка"""
INDOORS = f"""indoor* virtual* hallen* drinnen interieur en_salle interior interno binnen inomhus innendors indendors wirtualn*
    virtuel* virtuell* 室内 室內 屋内 バーチャル 실내 가상 в_помещении виртуальн* {TREADMILL}"""
UNFOLDED = str.maketrans("øłđıæœі", "oldiaoи")  # letters that Unicode does not decompose, and a Ukrainian one


def folded(text: str) -> str:
    """Words in lower case, without accents and separated by single spaces; "TrailRun" is two words."""
    text = unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text[:MAX_TEXT]).casefold())
    kept = "".join(letter for letter in text if unicodedata.category(letter) != "Mn" or letter in "\u3099\u309a")
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", kept).translate(UNFOLDED)).strip()


def _pattern(words: str) -> re.Pattern:
    letter = r"[^\W\d_]"
    parts = []
    for word in words.split():
        stem = folded(word)
        if min(stem.replace(" ", "")) >= "\u0590":  # Hebrew, and all scripts after it
            parts.append(stem + (r"(?![ァ-ヺー가-힣])" if word.endswith("$") else ""))
        else:
            begin, end = (f"{letter}*" if star else "" for star in (word[0] == "*", word[-1] == "*"))
            parts.append(rf"(?<!{letter}){begin}{stem}{end}(?!{letter})")
    return re.compile("|".join(parts))


PATTERNS = {sport: _pattern(words) for sport, words in WORDS.items()}
INDOOR, ON_TREADMILL = _pattern(INDOORS), _pattern(TREADMILL)
PLACES = _pattern("promenade_des paseo_maritimo paseo_de_la_reforma paseo_de_la_castellana")


@lru_cache(1024)
def of_text(text: str) -> str:
    """The sport that a text names, empty if none."""
    return _sport(folded(text))


@lru_cache(1024)
def of_title(title: str) -> str:
    """The sport that the title of an activity names, empty if none; "Run to the bike shop" is about a run."""
    plain = rest = PLACES.sub(" ", folded(title))
    for sport, pattern in PATTERNS.items():
        if sport == RUNNING:
            break
        rest = pattern.sub(" ", rest)
    return _sport(rest if PATTERNS[RUNNING].search(rest) else plain)


def _sport(plain: str) -> str:
    if not any(map(str.isalpha, plain)):
        return ""
    sport = next((sport for sport, pattern in PATTERNS.items() if pattern.search(plain)), "")
    if (sport == RUNNING and INDOOR.search(plain)) or (not sport and ON_TREADMILL.search(plain)):
        return INDOOR_RUNNING
    return sport


def name(text: str) -> str:
    """The normalised name of a sport, "other" or empty if `text` does not name one; an unknown sport in lower case."""
    plain = text.strip().lower()
    if sport := ALONE.get(plain) or of_text(text):
        return sport
    words = [word for word in plain.replace("_", " ").split() if word != "generic"]
    words = [word for place, word in enumerate(words) if word not in words[place + 1 :]]  # "training cardio_training"
    named = [word for word in words if not word.isdecimal()]
    if folded(" ".join(words)) in SILENT:
        return ""
    return OTHER if not named or folded(" ".join(named)) in VAGUE else " ".join(named)


def of_activity(listed: str, recorded: str, titles: Iterable[str] = ()) -> str:
    """The sport of an activity.

    Args:
        listed: its name in a table of activities, which the athlete may have corrected; empty if missing.
        recorded: its name in the recording, which may add that a run was indoors.
        titles: names of the activity and its file, the most reliable first; used if neither names a sport.

    Returns:
        The name of the sport; without any indication an activity is taken for a run, unless it is marked as another sport.
    """
    names = name(listed), name(recorded)
    for sport in names:
        if sport not in ("", OTHER):
            return INDOOR_RUNNING if (sport, names[1]) == (RUNNING, INDOOR_RUNNING) else sport
    return next(filter(None, map(of_title, titles)), OTHER if OTHER in names else RUNNING)
