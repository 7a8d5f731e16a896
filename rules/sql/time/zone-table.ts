/**
 * Every zone that Joda-Time knows by an id, and what Java calls it in English: a line is
 * `standard time|short|summer time|short: zones`, and `alias>zone` an id that stands for another.
 * Made by test/interop/java/write.ts.
 */
export const ZONE_TABLE = `
-: America/Coyhaique Etc/GMT+1 Etc/GMT+10 Etc/GMT+11 Etc/GMT+12 Etc/GMT+2 Etc/GMT+3 Etc/GMT+4 Etc/GMT+5 Etc/GMT+6 Etc/GMT+7 Etc/GMT+8 Etc/GMT+9 Etc/GMT-1 Etc/GMT-10 Etc/GMT-11 Etc/GMT-12 Etc/GMT-13 Etc/GMT-14 Etc/GMT-2 Etc/GMT-3 Etc/GMT-4 Etc/GMT-5 Etc/GMT-6 Etc/GMT-7 Etc/GMT-8 Etc/GMT-9
Acre Standard Time|ACT|Acre Summer Time|ACST: America/Eirunepe America/Porto_Acre>America/Rio_Branco America/Rio_Branco Brazil/Acre>America/Rio_Branco
Afghanistan Time|AFT|Afghanistan Summer Time|AFST: Asia/Kabul
Alaska Standard Time|AKST|Alaska Daylight Time|AKDT: America/Anchorage America/Juneau America/Metlakatla America/Nome America/Sitka America/Yakutat US/Alaska>America/Anchorage
Amazon Standard Time|AMT|Amazon Summer Time|AMST: America/Boa_Vista America/Campo_Grande America/Cuiaba America/Manaus America/Porto_Velho Brazil/West>America/Manaus
Anadyr Standard Time|ANAT|Anadyr Summer Time|ANAST: Asia/Anadyr
Apia Standard Time|WSST|Apia Daylight Time|WSDT: Pacific/Apia
Arabian Standard Time|AST|Arabian Daylight Time|ADT: Asia/Aden Asia/Baghdad Asia/Bahrain Asia/Kuwait Asia/Qatar Asia/Riyadh
Argentina Standard Time|ART|Argentina Summer Time|ARST: America/Argentina/Buenos_Aires America/Argentina/Catamarca America/Argentina/ComodRivadavia>America/Argentina/Catamarca America/Argentina/Cordoba America/Argentina/Jujuy America/Argentina/La_Rioja America/Argentina/Mendoza America/Argentina/Rio_Gallegos America/Argentina/Salta America/Argentina/San_Juan America/Argentina/San_Luis America/Argentina/Tucuman America/Argentina/Ushuaia America/Buenos_Aires>America/Argentina/Buenos_Aires America/Catamarca>America/Argentina/Catamarca America/Cordoba>America/Argentina/Cordoba America/Jujuy>America/Argentina/Jujuy America/Mendoza>America/Argentina/Mendoza America/Rosario>America/Argentina/Cordoba
Armenia Standard Time|AMT|Armenia Summer Time|AMST: Asia/Yerevan
Astrakhan Standard Time|GMT+04:00|Astrakhan Standard Time|GMT+04:00: Europe/Astrakhan
Atlantic Standard Time|AST|Atlantic Daylight Time|ADT: America/Anguilla America/Antigua America/Aruba America/Barbados America/Blanc-Sablon America/Curacao America/Dominica America/Glace_Bay America/Goose_Bay America/Grenada America/Guadeloupe America/Halifax America/Kralendijk America/Lower_Princes America/Marigot America/Martinique America/Moncton America/Montserrat America/Port_of_Spain America/Puerto_Rico America/Santo_Domingo America/St_Barthelemy America/St_Kitts America/St_Lucia America/St_Thomas America/St_Vincent America/Thule America/Tortola America/Virgin>America/St_Thomas Atlantic/Bermuda Canada/Atlantic>America/Halifax
Australian Central Standard Time|ACST|Australian Central Daylight Time|ACDT: Australia/Adelaide Australia/Broken_Hill Australia/Darwin Australia/North>Australia/Darwin Australia/South>Australia/Adelaide Australia/Yancowinna>Australia/Broken_Hill
Australian Central Western Standard Time|ACWST|Australian Central Western Daylight Time|ACWDT: Australia/Eucla
Australian Eastern Standard Time|AEST|Australian Eastern Daylight Time|AEDT: Antarctica/Macquarie Australia/ACT>Australia/Sydney Australia/Brisbane Australia/Canberra>Australia/Sydney Australia/Currie>Australia/Hobart Australia/Hobart Australia/Lindeman Australia/Melbourne Australia/NSW>Australia/Sydney Australia/Queensland>Australia/Brisbane Australia/Sydney Australia/Tasmania>Australia/Hobart Australia/Victoria>Australia/Melbourne
Australian Western Standard Time|AWST|Australian Western Daylight Time|AWDT: Australia/Perth Australia/West>Australia/Perth
Azerbaijan Standard Time|AZT|Azerbaijan Summer Time|AZST: Asia/Baku
Azores Standard Time|AZOT|Azores Summer Time|AZOST: Atlantic/Azores
Bangladesh Standard Time|BDT|Bangladesh Summer Time|BDST: Asia/Dacca>Asia/Dhaka Asia/Dhaka
Barnaul Standard Time|GMT+07:00|Barnaul Daylight Time|GMT+07:00: Asia/Barnaul
Bhutan Time|BTT|Bhutan Summer Time|BTST: Asia/Thimbu>Asia/Thimphu Asia/Thimphu
Bolivia Time|BOT|Bolivia Summer Time|BOST: America/La_Paz
Bougainville Standard Time|BST|Bougainville Daylight Time|BST: Pacific/Bougainville
Brasilia Standard Time|BRT|Brasilia Summer Time|BRST: America/Araguaina America/Bahia America/Belem America/Fortaleza America/Maceio America/Recife America/Santarem America/Sao_Paulo Brazil/East>America/Sao_Paulo
Brunei Darussalam Time|BNT|Brunei Summer Time|BNST: Asia/Brunei
Cape Verde Standard Time|CVT|Cape Verde Summer Time|CVST: Atlantic/Cape_Verde
Casey Time|AWST|Australian Western Daylight Time|AWDT: Antarctica/Casey
Central Africa Time|CAT|Central African Summer Time|CAST: Africa/Blantyre Africa/Bujumbura Africa/Gaborone Africa/Harare Africa/Juba Africa/Khartoum Africa/Kigali Africa/Lubumbashi Africa/Lusaka Africa/Maputo
Central Africa Time|CAT|Western African Time|WAT: Africa/Windhoek
Central European Standard Time|CET|Central European Summer Time|CEST: Africa/Algiers Africa/Ceuta Africa/Tunis Arctic/Longyearbyen Atlantic/Jan_Mayen>Europe/Oslo Europe/Amsterdam Europe/Andorra Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Budapest Europe/Busingen Europe/Copenhagen Europe/Gibraltar Europe/Ljubljana Europe/Luxembourg Europe/Madrid Europe/Malta Europe/Monaco Europe/Oslo Europe/Paris Europe/Podgorica Europe/Prague Europe/Rome Europe/San_Marino Europe/Sarajevo Europe/Skopje Europe/Stockholm Europe/Tirane Europe/Vaduz Europe/Vatican Europe/Vienna Europe/Warsaw Europe/Zagreb Europe/Zurich Poland>Europe/Warsaw
Central European Time|CET|Central European Summer Time|CEST: CET MET>CET
Central Indonesia Time|WITA|Central Indonesia Summer Time|CIST: Asia/Makassar Asia/Ujung_Pandang>Asia/Makassar
Central Standard Time|CST|Central Daylight Time|CDT: America/Bahia_Banderas America/Belize America/Chicago America/Chihuahua America/Costa_Rica America/El_Salvador America/Guatemala America/Indiana/Knox America/Indiana/Tell_City America/Knox_IN>America/Indiana/Knox America/Managua America/Matamoros America/Menominee America/Merida America/Mexico_City America/Monterrey America/North_Dakota/Beulah America/North_Dakota/Center America/North_Dakota/New_Salem America/Ojinaga America/Rainy_River>America/Winnipeg America/Rankin_Inlet America/Regina America/Resolute America/Swift_Current America/Tegucigalpa America/Winnipeg CST6CDT>America/Chicago Canada/Central>America/Winnipeg Canada/Saskatchewan>America/Regina Mexico/General>America/Mexico_City US/Central>America/Chicago US/Indiana-Starke>America/Indiana/Knox
Chamorro Standard Time|ChST|Chamorro Daylight Time|ChDT: Pacific/Guam Pacific/Saipan
Chatham Standard Time|CHAST|Chatham Daylight Time|CHADT: NZ-CHAT>Pacific/Chatham Pacific/Chatham
Chile Standard Time|CLT|Chile Summer Time|CLST: America/Santiago Chile/Continental>America/Santiago
Chile Time|CLT|Chile Summer Time|CLST: Antarctica/Palmer
China Standard Time|CST|China Daylight Time|CDT: Asia/Chongqing>Asia/Shanghai Asia/Chungking>Asia/Shanghai Asia/Harbin>Asia/Shanghai Asia/Macao>Asia/Macau Asia/Macau Asia/Shanghai PRC>Asia/Shanghai
Christmas Island Time|CXT|Christmas Island Summer Time|CXST: Indian/Christmas
Chuuk Time|CHUT|Chuuk Summer Time|CHUST: Pacific/Chuuk Pacific/Truk>Pacific/Chuuk Pacific/Yap>Pacific/Chuuk
Cocos Islands Time|CCT|Cocos Islands Summer Time|CCST: Indian/Cocos
Colombia Standard Time|COT|Colombia Summer Time|COST: America/Bogota
Cook Islands Standard Time|CKT|Cook Islands Half Summer Time|CKHST: Pacific/Rarotonga
Coordinated Universal Time|UTC|Coordinated Universal Time|UTC: Etc/UCT>Etc/UTC Etc/UTC Etc/Universal>Etc/UTC Etc/Zulu>Etc/UTC UCT>Etc/UTC UTC Universal>Etc/UTC Zulu>Etc/UTC
Cuba Standard Time|CST|Cuba Daylight Time|CDT: America/Havana Cuba>America/Havana
Davis Time|DAVT|Davis Summer Time|DAVST: Antarctica/Davis
Dumont-d’Urville Time|DDUT|Dumont-d'Urville Summer Time|DDUST: Antarctica/DumontDUrville
East Africa Time|EAT|Eastern African Summer Time|EAST: Africa/Addis_Ababa Africa/Asmara Africa/Asmera>Africa/Asmara Africa/Dar_es_Salaam Africa/Djibouti Africa/Kampala Africa/Mogadishu Africa/Nairobi Indian/Antananarivo Indian/Comoro Indian/Mayotte
East Greenland Standard Time|EGT|East Greenland Summer Time|EGST: America/Scoresbysund
East Kazakhstan Time|ALMT|Alma-Ata Summer Time|ALMST: Asia/Almaty
East Kazakhstan Time|QOST|Kostanay Summer Time|QOSST: Asia/Qostanay
East Timor Time|TLT|Timor-Leste Summer Time|TLST: Asia/Dili
Easter Island Standard Time|EAST|Easter Island Summer Time|EASST: Chile/EasterIsland>Pacific/Easter Pacific/Easter
Eastern European Standard Time|EET|Eastern European Summer Time|EEST: Africa/Cairo Africa/Tripoli Asia/Amman Asia/Beirut Asia/Damascus Asia/Gaza Asia/Hebron Asia/Nicosia Egypt>Africa/Cairo Europe/Athens Europe/Bucharest Europe/Chisinau Europe/Helsinki Europe/Kaliningrad Europe/Kiev>Europe/Kyiv Europe/Kyiv Europe/Mariehamn Europe/Nicosia>Asia/Nicosia Europe/Riga Europe/Sofia Europe/Tallinn Europe/Tiraspol>Europe/Chisinau Europe/Uzhgorod>Europe/Kyiv Europe/Vilnius Europe/Zaporozhye>Europe/Kyiv Libya>Africa/Tripoli
Eastern European Time|EET|Eastern European Summer Time|EEST: Asia/Famagusta EET
Eastern Indonesia Time|WIT|East Indonesia Summer Time|EIST: Asia/Jayapura
Eastern Standard Time|EST|Eastern Daylight Time|EDT: America/Atikokan America/Cancun America/Cayman America/Coral_Harbour>America/Atikokan America/Detroit America/Fort_Wayne>America/Indiana/Indianapolis America/Grand_Turk America/Indiana/Indianapolis America/Indiana/Marengo America/Indiana/Petersburg America/Indiana/Vevay America/Indiana/Vincennes America/Indiana/Winamac America/Indianapolis>America/Indiana/Indianapolis America/Iqaluit America/Jamaica America/Kentucky/Louisville America/Kentucky/Monticello America/Louisville>America/Kentucky/Louisville America/Montreal>America/Toronto America/Nassau America/New_York America/Nipigon>America/Toronto America/Panama America/Pangnirtung>America/Iqaluit America/Port-au-Prince America/Thunder_Bay>America/Toronto America/Toronto Canada/Eastern>America/Toronto EST>America/Panama EST5EDT>America/New_York Jamaica>America/Jamaica US/East-Indiana>America/Indiana/Indianapolis US/Eastern>America/New_York US/Michigan>America/Detroit
Ecuador Time|ECT|Ecuador Summer Time|ECST: America/Guayaquil
Falkland Islands Standard Time|FKT|Falkland Islands Summer Time|FKST: Atlantic/Stanley
Fernando de Noronha Standard Time|FNT|Fernando de Noronha Summer Time|FNST: America/Noronha Brazil/DeNoronha>America/Noronha
Fiji Standard Time|FJT|Fiji Summer Time|FJST: Pacific/Fiji
French Guiana Time|GFT|French Guiana Summer Time|GFST: America/Cayenne
French Southern & Antarctic Time|TFT|French Southern & Antarctic Lands Summer Time|TFST: Indian/Kerguelen
Galapagos Time|GALT|Galapagos Summer Time|GALST: Pacific/Galapagos
Gambier Time|GAMT|Gambier Summer Time|GAMST: Pacific/Gambier
Georgia Standard Time|GET|Georgia Summer Time|GEST: Asia/Tbilisi
Gilbert Islands Time|GILT|Gilbert Is. Summer Time|GILST: Pacific/Tarawa
Greenwich Mean Time|GMT|British Summer Time|BST: Europe/Belfast>Europe/London Europe/Guernsey Europe/Isle_of_Man Europe/Jersey Europe/London GB>Europe/London GB-Eire>Europe/London
Greenwich Mean Time|GMT|Central European Summer Time|CEST: Antarctica/Troll
Greenwich Mean Time|GMT|Ghana Summer Time|GHST: Africa/Accra
Greenwich Mean Time|GMT|Greenwich Mean Time|GMT: Africa/Abidjan Africa/Bamako Africa/Banjul Africa/Bissau Africa/Conakry Africa/Dakar Africa/Freetown Africa/Lome Africa/Monrovia Africa/Nouakchott Africa/Ouagadougou Africa/Sao_Tome Africa/Timbuktu>Africa/Bamako America/Danmarkshavn Atlantic/Reykjavik Atlantic/St_Helena Etc/GMT Etc/GMT+0>Etc/GMT Etc/GMT-0>Etc/GMT Etc/GMT0>Etc/GMT Etc/Greenwich>Etc/GMT GMT>Etc/GMT GMT+0>Etc/GMT GMT-0>Etc/GMT GMT0>Etc/GMT Greenwich>Etc/GMT Iceland>Atlantic/Reykjavik
Greenwich Mean Time|GMT|Irish Standard Time|IST: Eire>Europe/Dublin Europe/Dublin
Gulf Standard Time|GST|Gulf Daylight Time|GDT: Asia/Dubai Asia/Muscat
Guyana Time|GYT|Guyana Summer Time|GYST: America/Guyana
Hawaii-Aleutian Standard Time|HAST|Hawaii-Aleutian Daylight Time|HADT: America/Adak America/Atka>America/Adak US/Aleutian>America/Adak
Hawaii-Aleutian Standard Time|HST|Hawaii-Aleutian Daylight Time|HDT: HST>Pacific/Honolulu Pacific/Honolulu Pacific/Johnston>Pacific/Honolulu US/Hawaii>Pacific/Honolulu
Hong Kong Standard Time|HKT|Hong Kong Summer Time|HKST: Asia/Hong_Kong Hongkong>Asia/Hong_Kong
Hovd Standard Time|HOVT|Hovd Summer Time|HOVST: Asia/Hovd
India Standard Time|IST|India Daylight Time|IDT: Asia/Calcutta>Asia/Kolkata Asia/Colombo Asia/Kolkata
Indian Ocean Time|IOT|Indian Ocean Territory Summer Time|IOST: Indian/Chagos
Indochina Time|ICT|Indochina Summer Time|ICST: Asia/Bangkok Asia/Ho_Chi_Minh Asia/Phnom_Penh Asia/Saigon>Asia/Ho_Chi_Minh Asia/Vientiane
Iran Standard Time|IRST|Iran Daylight Time|IRDT: Asia/Tehran Iran>Asia/Tehran
Irkutsk Standard Time|IRKT|Irkutsk Summer Time|IRKST: Asia/Irkutsk
Israel Standard Time|IST|Israel Daylight Time|IDT: Asia/Jerusalem Asia/Tel_Aviv>Asia/Jerusalem Israel>Asia/Jerusalem
Japan Standard Time|JST|Japan Daylight Time|JDT: Asia/Tokyo Japan>Asia/Tokyo
Kanton Standard Time|GMT+13:00|Kanton Daylight Time|GMT+13:00: Pacific/Enderbury>Pacific/Kanton Pacific/Kanton
Korean Standard Time|KST|Korean Daylight Time|KDT: Asia/Pyongyang Asia/Seoul ROK>Asia/Seoul
Kosrae Time|KOST|Kosrae Summer Time|KOSST: Pacific/Kosrae
Krasnoyarsk Standard Time|KRAT|Krasnoyarsk Summer Time|KRAST: Asia/Krasnoyarsk Asia/Novokuznetsk
Kyrgyzstan Time|KGT|Kirgizstan Summer Time|KGST: Asia/Bishkek
Line Islands Time|LINT|Line Is. Summer Time|LINST: Pacific/Kiritimati
Lord Howe Standard Time|LHST|Lord Howe Daylight Time|LHDT: Australia/LHI>Australia/Lord_Howe Australia/Lord_Howe
Magadan Standard Time|MAGT|Magadan Summer Time|MAGST: Asia/Magadan
Malaysia Time|MYT|Malaysia Summer Time|MYST: Asia/Kuala_Lumpur Asia/Kuching
Maldives Time|MVT|Maldives Summer Time|MVST: Indian/Maldives
Marquesas Time|MART|Marquesas Summer Time|MARST: Pacific/Marquesas
Marshall Islands Time|MHT|Marshall Islands Summer Time|MHST: Kwajalein>Pacific/Kwajalein Pacific/Kwajalein Pacific/Majuro
Mauritius Standard Time|MUT|Mauritius Summer Time|MUST: Indian/Mauritius
Mawson Time|MAWT|Mawson Summer Time|MAWST: Antarctica/Mawson
Mexican Pacific Standard Time|MST|Mexican Pacific Daylight Time|MDT: America/Hermosillo America/Mazatlan Mexico/BajaSur>America/Mazatlan
Moscow Standard Time|MSK|Moscow Daylight Time|MSD: Europe/Kirov
Moscow Standard Time|MSK|Moscow Summer Time|MSD: Europe/Minsk Europe/Moscow Europe/Simferopol W-SU>Europe/Moscow
Mountain Standard Time|MST|Mountain Daylight Time|MDT: America/Boise America/Cambridge_Bay America/Ciudad_Juarez America/Creston America/Dawson America/Dawson_Creek America/Denver America/Edmonton America/Fort_Nelson America/Inuvik America/Phoenix America/Shiprock>America/Denver America/Whitehorse America/Yellowknife>America/Edmonton Canada/Mountain>America/Edmonton Canada/Yukon>America/Whitehorse MST>America/Phoenix MST7MDT>America/Denver Navajo>America/Denver US/Arizona>America/Phoenix US/Mountain>America/Denver
Myanmar Time|MMT|Myanmar Summer Time|MMST: Asia/Rangoon>Asia/Yangon Asia/Yangon
Nauru Time|NRT|Nauru Summer Time|NRST: Pacific/Nauru
Nepal Time|NPT|Nepal Summer Time|NPST: Asia/Kathmandu Asia/Katmandu>Asia/Kathmandu
New Caledonia Standard Time|NCT|New Caledonia Summer Time|NCST: Pacific/Noumea
New Zealand Standard Time|NZST|New Zealand Daylight Time|NZDT: Antarctica/McMurdo Antarctica/South_Pole>Antarctica/McMurdo NZ>Pacific/Auckland Pacific/Auckland
Newfoundland Standard Time|NST|Newfoundland Daylight Time|NDT: America/St_Johns Canada/Newfoundland>America/St_Johns
Niue Time|NUT|Niue Summer Time|NUST: Pacific/Niue
Norfolk Island Standard Time|NFT|Norfolk Island Daylight Time|NFST: Pacific/Norfolk
Novosibirsk Standard Time|NOVT|Novosibirsk Summer Time|NOVST: Asia/Novosibirsk
Omsk Standard Time|OMST|Omsk Summer Time|OMSST: Asia/Omsk
Pacific Standard Time|PST|Pacific Daylight Time|PDT: America/Ensenada>America/Tijuana America/Los_Angeles America/Santa_Isabel>America/Tijuana America/Tijuana America/Vancouver Canada/Pacific>America/Vancouver Mexico/BajaNorte>America/Tijuana PST8PDT>America/Los_Angeles US/Pacific>America/Los_Angeles
Pakistan Standard Time|PKT|Pakistan Summer Time|PKST: Asia/Karachi
Palau Time|PWT|Palau Summer Time|PWST: Pacific/Palau
Papua New Guinea Time|PGT|Papua New Guinea Summer Time|PGST: Pacific/Port_Moresby
Paraguay Standard Time|PYT|Paraguay Summer Time|PYST: America/Asuncion
Peru Standard Time|PET|Peru Summer Time|PEST: America/Lima
Petropavlovsk-Kamchatski Standard Time|PETT|Petropavlovsk-Kamchatski Summer Time|PETST: Asia/Kamchatka
Philippine Standard Time|PST|Philippine Summer Time|PDT: Asia/Manila
Pitcairn Time|PST|Pitcairn Daylight Time|PDT: Pacific/Pitcairn
Ponape Time|PONT|Pohnpei Summer Time|PONST: Pacific/Pohnpei Pacific/Ponape>Pacific/Pohnpei
Punta Arenas Standard Time|GMT-03:00|Punta Arenas Standard Time|GMT-03:00: America/Punta_Arenas
Rothera Time|ROTT|Rothera Summer Time|ROTST: Antarctica/Rothera
Réunion Time|RET|Reunion Summer Time|REST: Indian/Reunion
Sakhalin Standard Time|SAKT|Sakhalin Summer Time|SAKST: Asia/Sakhalin
Samara Standard Time|SAMT|Samara Summer Time|SAMST: Europe/Samara
Samoa Standard Time|SST|Samoa Daylight Time|SDT: Pacific/Midway Pacific/Pago_Pago Pacific/Samoa>Pacific/Pago_Pago US/Samoa>Pacific/Pago_Pago
Saratov Standard Time|GMT+04:00|Saratov Standard Time|GMT+04:00: Europe/Saratov
Seychelles Time|SCT|Seychelles Summer Time|SCST: Indian/Mahe
Singapore Standard Time|SGT|Singapore Summer Time|SGST: Asia/Singapore Singapore>Asia/Singapore
Solomon Islands Time|SBT|Solomon Is. Summer Time|SBST: Pacific/Guadalcanal
South Africa Standard Time|SAST|South Africa Summer Time|SAST: Africa/Johannesburg Africa/Maseru Africa/Mbabane
South Georgia Time|GST|South Georgia Daylight Time|GDT: Atlantic/South_Georgia
Srednekolymsk Time|SRET|Srednekolymsk Daylight Time|SREDT: Asia/Srednekolymsk
St. Pierre & Miquelon Standard Time|PMST|St. Pierre & Miquelon Daylight Time|PMDT: America/Miquelon
Suriname Time|SRT|Suriname Summer Time|SRST: America/Paramaribo
Syowa Time|SYOT|Syowa Summer Time|SYOST: Antarctica/Syowa
Tahiti Time|TAHT|Tahiti Summer Time|TAHST: Pacific/Tahiti
Taipei Standard Time|CST|Taipei Daylight Time|CDT: Asia/Taipei ROC>Asia/Taipei
Tajikistan Time|TJT|Tajikistan Summer Time|TJST: Asia/Dushanbe
Tokelau Time|TKT|Tokelau Summer Time|TKST: Pacific/Fakaofo
Tomsk Standard Time|GMT+07:00|Tomsk Daylight Time|GMT+07:00: Asia/Tomsk
Tonga Standard Time|TOT|Tonga Summer Time|TOST: Pacific/Tongatapu
Turkey Time|TRT|Turkey Summer Time|TRST: Asia/Istanbul>Europe/Istanbul Europe/Istanbul Turkey>Europe/Istanbul
Turkmenistan Standard Time|TMT|Turkmenistan Summer Time|TMST: Asia/Ashgabat Asia/Ashkhabad>Asia/Ashgabat
Tuvalu Time|TVT|Tuvalu Summer Time|TVST: Pacific/Funafuti
Ulaanbaatar Standard Time|ULAT|Ulaanbaatar Summer Time|ULAST: Asia/Choibalsan>Asia/Ulaanbaatar Asia/Ulaanbaatar Asia/Ulan_Bator>Asia/Ulaanbaatar
Ulyanovsk Standard Time|GMT+04:00|Ulyanovsk Standard Time|GMT+04:00: Europe/Ulyanovsk
Uruguay Standard Time|UYT|Uruguay Summer Time|UYST: America/Montevideo
Uzbekistan Standard Time|UZT|Uzbekistan Summer Time|UZST: Asia/Samarkand Asia/Tashkent
Vanuatu Standard Time|VUT|Vanuatu Summer Time|VUST: Pacific/Efate
Venezuela Time|VET|Venezuela Summer Time|VEST: America/Caracas
Vladivostok Standard Time|VLAT|Vladivostok Summer Time|VLAST: Asia/Ust-Nera Asia/Vladivostok
Volgograd Standard Time|MSK|Volgograd Summer Time|MSD: Europe/Volgograd
Vostok Time|VOST|Vostok Summer Time|VOSST: Antarctica/Vostok
Wake Island Time|WAKT|Wake Summer Time|WAKST: Pacific/Wake
Wallis & Futuna Time|WFT|Wallis & Futuna Summer Time|WFST: Pacific/Wallis
West Africa Standard Time|WAT|West Africa Summer Time|WAST: Africa/Bangui Africa/Brazzaville Africa/Douala Africa/Kinshasa Africa/Lagos Africa/Libreville Africa/Luanda Africa/Malabo Africa/Ndjamena Africa/Niamey Africa/Porto-Novo
West Greenland Standard Time|WGT|West Greenland Summer Time|WGST: America/Godthab>America/Nuuk America/Nuuk
West Kazakhstan Time|AQTT|Aqtau Summer Time|AQTST: Asia/Aqtau
West Kazakhstan Time|AQTT|Aqtobe Summer Time|AQTST: Asia/Aqtobe
West Kazakhstan Time|GMT+05:00|Atyrau Daylight Time|GMT+05:00: Asia/Atyrau
West Kazakhstan Time|ORAT|Oral Summer Time|ORAST: Asia/Oral
West Kazakhstan Time|QYZT|Qyzylorda Summer Time|QYZST: Asia/Qyzylorda
Western European Standard Time|WET|Western European Summer Time|WEST: Atlantic/Canary Atlantic/Faeroe>Atlantic/Faroe Atlantic/Faroe Atlantic/Madeira Europe/Lisbon Portugal>Europe/Lisbon
Western European Time|WET|Western European Summer Time|WEST: Africa/Casablanca Africa/El_Aaiun WET
Western Indonesia Time|WIB|West Indonesia Summer Time|WIST: Asia/Jakarta Asia/Pontianak
Xinjiang Standard Time|XJT|Xinjiang Daylight Time|XJDT: Asia/Kashgar>Asia/Urumqi Asia/Urumqi
Yakutsk Standard Time|YAKT|Yakutsk Summer Time|YAKST: Asia/Chita Asia/Khandyga Asia/Yakutsk
Yekaterinburg Standard Time|YEKT|Yekaterinburg Summer Time|YEKST: Asia/Yekaterinburg
`;
