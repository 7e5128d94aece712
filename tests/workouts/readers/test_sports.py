"""What a sport is called here."""

import pytest

from hrkeras.workouts.readers import sports

SAID = {
    "running": """running|Run|RUNNING|TrailRun|trail_running|track_running|Outdoor Run|street running
        |running generic|running street|running track|ULTRARUNNING_RUNNING|9|Laufen|Lauf|Traillauf|Course à pied
        |COURSE A PIED|Jogging|Carrera|Correr|Carrera a pie|Corrida|Corsa|Correre|Hardlopen|Bieganie|Bieg
        |Löpning|Løb|Morgenløb|Løping|Morgenløpetur|Löprunda|Juoksu|Aamujuoksu|Trail|Běh|Futás|Koşu|ランニング
        |ﾗﾝﾆﾝｸﾞ|ジョギング|ラン|トレイルラン|Бег|Пробежка|달리기|러닝|트레일 런|跑步|户外跑步|越野跑|วิ่ง|Біг""",
    "indoor running": """treadmill_running|running indoor_running|running virtual_activity|virtual_run
        |VirtualRun|Indoor Run|53|fitness_equipment treadmill|Treadmill|Laufband|Laufen am Laufband
        |Tapis roulant|Tapis de course|Cinta de correr|Esteira|Loopband|Bieżnia|Löpband|Løbebånd|室内跑步|跑步机
        |トレッドミル|ランニングマシン|室内ランニング|Беговая дорожка|러닝머신|실내 러닝""",
    "cycling": """Biking|Ride|cycling road|virtual_ride|EBikeRide|ebikeride|GravelRide|MountainBikeRide
        |cycling indoor_cycling|1|Radfahren|Fahrrad|Rennradfahren|Cyclisme|Vélo|VTT|Ciclismo|Bicicleta
        |Bici da corsa|Fietsen|Kolarstwo|Rower|Cykling|Morgencykling|Sykling|骑行|サイクリング|ライド|Велоспорт
        |Велопрогулка|자전거|Bisiklet|Pyöräily|bike (transport)""",
    "swimming": "swimming lap_swimming|Swim|16|Schwimmen|Natation|Natación|Nuoto|Zwemmen|Pływanie|水泳|游泳|Плавание|수영",
    "walking": """Walk|walking treadmill|10|Gehen|Spaziergang|Marche|Caminata|Caminhada|Camminata|Passeggiata
        |Wandelen|Spacer|ウォーキング|散歩|步行|行走|Ходьба|걷기|Promenad|Gåtur""",
    "hiking": "Hike|hiking generic|4|Wandern|Randonnée|Senderismo|Escursionismo|ハイキング|登山|徒步|Поход|등산|Vandring",
    "skiing": """cross_country_skiing|NordicSki|7|Langlauf|Skilanglauf|Ski de fond|Sci di fondo
        |Biegi narciarskie|スキー|Беговые лыжи""",
    "skating": "InlineSkate|Eislaufen|Schlittschuhlaufen|Patinage|スケート",
    "horse riding": "horseback_riding|Reiten|骑马",
    "transition": "transition bike_to_run_transition",
    "rowing": "rowing|Rudern",
    "strength training": "training strength_training|WeightTraining",
    "other": "Other|その他|Sonstige|Workout| 84 |52|84 91",
    "motorcycling": "motorcycling|motorcycling generic|motorcycling 99",
    "": "|generic|generic generic|Unknown|uncategorized",
}


@pytest.mark.parametrize(("said", "name"), [(said.strip(), name) for name, every in SAID.items() for said in every.split("|")])
def test_name(said, name):
    assert sports.name(said) == name


@pytest.mark.parametrize(
    ("said", "titles", "sport"),
    [
        ("", [], "running"),
        ("", ["", "20240617"], "running"),
        ("", ["Cycling 6/17/24 6:00 am"], "cycling"),
        ("", ["Morning Ride"], "cycling"),
        ("", ["Abendlauf im Grunewald"], "running"),
        ("", ["Radfahren 12.3."], "cycling"),
        ("", ["Lunch Run", "ride0"], "running"),
        ("", ["12.3.2024", "ride0"], "cycling"),
        ("", ["garmin_walk_1"], "walking"),
        ("", ["run_walk_intervals"], "running"),
        ("", ["Maraton Warszawski"], "running"),
        ("", ["Brunch in Frankreich"], "running"),
        ("", ["朝の散歩"], "walking"),
        ("", ["ランチタイムライド"], "cycling"),
        ("Other", ["Evening swim"], "swimming"),
        ("Other", ["Berlin"], "other"),
        ("その他", ["夜のラン"], "running"),
        ("Sonstige", ["Radtour"], "cycling"),
        ("generic", ["Treadmill"], "indoor running"),
        ("Run", ["Ride to the start"], "running"),
        ("yoga", ["Morning Run"], "yoga"),
        ("", ["Trail walk"], "walking"),
        ("", ["Утренний велозаезд"], "cycling"),
        ("", ["Ochtendrit"], "cycling"),
        ("", ["Kayaking"], "paddling"),
        ("generic generic", ["Berlin"], "running"),
        ("generic generic", ["Evening swim"], "swimming"),
        ("52", ["Berlin"], "other"),
        ("", ["Run to the bike shop"], "running"),
        ("", ["Run - Cycle path"], "running"),
        ("", ["Run at Ski Dubai"], "running"),
        ("", ["Ski lodge jog"], "running"),
        ("", ["Bike path run"], "running"),
        ("", ["Treadmill run after the ride"], "indoor running"),
        ("", ["Langlauf am Morgen"], "skiing"),
        ("", ["Biegi narciarskie"], "skiing"),
        ("", ["Promenade des Anglais"], "running"),
        ("", ["Promenade en forêt"], "walking"),
        ("", ["Paseo de la Reforma"], "running"),
        ("", ["Walker Bay"], "running"),
        ("", ["Hikone castle"], "running"),
        ("", ["Cinta Costera"], "running"),
        ("", ["Correr en cinta"], "indoor running"),
        ("", ["Sykkeltur"], "cycling"),
        ("", ["Morgensykkeltur"], "cycling"),
        ("", ["Giro mattutino"], "cycling"),
        ("", ["Giro serale"], "cycling"),
        ("", ["Giro all'ora di pranzo"], "cycling"),
        ("", ["Sabah Sürüşü"], "cycling"),
        ("", ["Wegwielrennen"], "cycling"),
        ("", ["Spinning"], "cycling"),
        ("", ["Fahrt am Morgen"], "cycling"),
    ],
)
def test_where_nothing_is_said_titles_tell(said, titles, sport):
    assert sports.of_activity("", said, titles) == sport


@pytest.mark.parametrize(
    ("listed", "said", "sport"),
    [
        ("Ride", "running", "cycling"),
        ("Run", "cycling", "running"),
        ("Run", "running treadmill", "indoor running"),
        ("Laufen", "", "running"),
        ("Laufrad", "", "cycling"),
        ("Workout", "running", "running"),
        ("Workout", "", "cycling"),
        ("", "hiking", "hiking"),
    ],
)
def test_a_table_of_activities_is_believed_first(listed, said, sport):
    assert sports.of_activity(listed, said, ["Evening Ride"]) == sport


@pytest.mark.parametrize(
    ("text", "sport"),
    [
        ("training strength_training", "strength training"),
        ("training cardio_training", "cardio training"),
        ("hiit hiit", "hiit"),
        ("floor_climbing generic", "floor climbing"),
        ("training generic", "training"),
    ],
)
def test_a_sport_and_its_kind_are_named_once(text, sport):
    assert sports.name(text) == sport
