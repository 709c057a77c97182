"""Things and spots that reports name in four languages, each under one short word.

"𨋢", "那个梯" and "the lift" are one thing, "凉亭底下" and "under the pavilion" one spot: two
reports of one matter seldom share words, but they share these. Works on folded text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# a thing, or what is wrong with it
THINGS = {
    "lift": r"(?<![楼阶扶滑])梯(?![子田级])|升降机|𨋢|点体|轿厢|elevators?|\blifts?\b",
    "heat": (
        r"暖气|供[热暖]|地暖|室温|白气|棉[袄裤衣]|radiators?|heating|heaters?|暖炉|不热|暖和"
        r"|冰凉|屋里.{0,6}[冷凉冻度]|freezing|热力|烧炕|锅炉"
    ),
    "power": (
        r"[停没冇断无来缺限]了?电(?![梯话动瓶单])|mei电|停.{0,2}电|没点|跳闸|拉.?闸|blackout"
        r"|\bpower\b|electric|[熄灭].{0,2}灯|灯.{0,4}(?:灭|不着|不亮)"
        r"|lights? (?:just )?(?:died|out|off|went)|全灭|黑屏|漆黑|outage|[楼栋幢座#]也?同?黑"
        r"|空调停|逃生灯|整[栋幢片].{0,4}[暗黑]|变压器|电表|电箱|电压|fuse|电路|breaker|电闸"
        r"|通电|掣"
    ),
    "lamp": (
        r"路灯|路登|灯泡|声控|感应灯|楼道.{0,3}灯|街灯|走廊灯|street ?(?:lamps?|lights?)|lamp"
        r"|那盏|[一两三几]盏|灯柱|灯杆|那根杆|棚.{0,4}灯|hallway light|stair ?light|摸黑"
        r"|伸手不见|太阳能灯|黑漆漆|黑灯|黢黑|\bdark\b|bulb|灯.{0,4}[坏瞎闪]|闪.{0,3}灯"
    ),
    "leak": (
        r"漏[水雨]|渗|滴[答到水滴落]|洇|水[珠渍印]|发?霉|墙纸|墙皮|壁纸|天花|吊顶|楼上.{0,4}水"
        r"|水.{0,4}楼上|掉水|顶上.{0,6}水|\bleak|soaked|\bdrip|\bdamp|ceiling|wallpaper|防水"
        r"|滴滴|mou?ld|墙.{0,4}湿|湿.{0,4}墙"
    ),
    "tapwater": (
        r"水.{0,10}(?:黄|茶|褐|卡其|浑|铁锈|沙|泥|味|红|黑)|自来水|水喉|水龙头|tap ?water"
        r"|\btaps?\b|滤芯|水缸|锈水|水箱|brown water|rusty|净水|喝的水|饮用水|饮水"
        r"|drinking water|普洱|井水"
    ),
    "nowater": (
        r"[停没冇无断]水|水压|没有水|no water|water pressure|水泵|出水|水.{0,3}(?:小|停)|来水"
        r"|抽水|送水|waterless|water supply|水塔"
    ),
    "pipe": r"水管|爆管|管子|水柱|飙|喷水|pipe|burst|总[阀制掣]|爆裂|阀门|gushing|水.{0,3}喷",
    "sewage": (
        r"马桶|粪|[反返]水|地漏|下水|检查井|窨井|污水|sewage|\bdrains?\b|toilet|堵|化粪池|油花"
        r"|sewer|厕所|茅坑|clog|blocked pipe|臭水|阴沟|渠"
    ),
    "gas": r"煤气|燃气|臭鸡蛋|臭蛋|天然气|瓦斯|\bgas\b|液化气|罐子.{0,4}漏|rotten egg|嘶嘶",
    "bottles": r"石油气|煤气罐|气罐|气瓶|炮仗|鞭炮|烟花|汽油|柴油|cylinder|firework|petrol",
    "fire": (
        r"冒烟|[黑浓白]烟|着火|起火|失火|火烛|烧焦|烧着|烧起来|\bsmok|\bfire\b|\bflames?\b|呛"
        r"|涌黑|焦味|糊味|burning|火苗|火光|冒火"
    ),
    "burning": (
        r"烧.{0,4}(?:秸秆|海绵|垃圾|沙发|纸|叶|胶|草|塑料|轮胎)|秸秆|焚烧|玉米秆|麦茬"
        r"|burn(?:ing|t)? (?:trash|leaves|straw|plastic)|stubble|烧荒"
    ),
    "dust": r"扬尘|灰[尘土大]|洒水|尘|dust|沙尘|粉尘",
    "ice": r"冰|打滑|\bice\b|\bicy\b|skating|slip|\bsalt\b|结霜|积雪|扫雪|铲雪|\bsnow|雪|路滑",
    "dog": r"狗|犬|\bdogs?\b|leash|puppy|那条黄的|藏獒|咬人|咬了|\bbites?\b|\bbarking|吠",
    "cat": r"猫|\bcats?\b|kitten",
    "livestock": r"[羊牛猪鸡鸭鹅]|圈舍|粪堆|goat|sheep|\bcows?\b|chickens?|rooster|养殖",
    "roach": r"蟑螂|曱甴|小强|roach",
    "rat": r"老鼠|耗子|鼠|\brats?\b|\bmice\b|mouse",
    "ants": r"蚁|\bants?\b|termite",
    "mosquito": r"蚊|mosquito|孑孓|积水.{0,4}虫",
    "wasp": r"[马黄胡]蜂|蜂窝|蜂巢|wasp|hornet|\bbees?\b|蜜蜂",
    "snake": r"蛇|snake",
    "insects": r"虫|飞蛾|insects?|\bbugs?\b|跳蚤|臭虫|苍蝇|\bflies\b",
    "rubbish": (
        r"垃圾|[绿灰]桶|\bbins?\b|rubbish|trash|garbage|泔水|厨余|桶.{0,4}[满冒]|没人收|没人拉"
        r"|清运|废品|dump|litter|剩饭"
    ),
    "debris": r"建筑垃圾|砖头|渣土|废土|水泥块|装修垃圾|沙石|debris|rubble|石膏板|倒土|沙堆|石子",
    "noise": (
        r"吵|噪|打墙|电钻|电镐|冲击钻|drill|架子鼓|nois[ey]|音响|音箱|喇叭|\bloud\b|k歌|卡拉"
        r"|ktv|renovation|装修|施工|hammer|钢琴|piano|敲|砸|轰|嗡|低频|蹦|睡不|music|bass"
        r"|speaker|嘈|没法睡|sleep|party"
    ),
    "dance": r"广场舞|跳舞|师奶|舞曲|danc",
    "ebike": (
        r"电驴|电瓶|电动车|电单车|电摩|电马|电车|e-?bikes?|飞线|scooters?|拖线"
        r"|插[座排线].{0,6}车"
    ),
    "charger": (
        r"充电[棚桩站口]|扫码|充不[进上]|不充电|chargers?|charging (?:st|po|sh|pi)|插头|充电"
        r"|\bcharge"
    ),
    "parking": (
        r"车位|泊位|乱停|违停|停车|parking|泊车|泊|parked|占道停|堵.{0,4}车|挡.{0,4}车"
        r"|车.{0,6}[堵挡横霸]|地锁|占位|挪车|移车"
    ),
    "car": (
        r"夏利|面包车|轿车|货车|卡车|\bvans?\b|\bcars?\b|trucks?|七人车|车牌|越野|比亚迪"
        r"|\bsuv\b|三轮|拖拉机|僵尸车|轮胎|tractor|tyres?|tires?|大众|五菱|渣土车|摩托"
    ),
    "hole": (
        r"井盖|铁盖|窟窿|渠盖|沙井|人孔|坑|\bholes?\b|manhole|pothole|沉井|洞|没盖|盖子|井口"
        r"|cover"
    ),
    "tree": r"树|\btrees?\b|branch|枝[杈丫干条]|枯枝|枝|榕|杨絮|柳|槐|桂花|香樟|芒果|竹",
    "thrown": (
        r"抛物|扔瓶|飞下|高空|扔.{0,4}[瓶下来]|掟|throw|thrown|往下[扔倒泼砸]"
        r"|从[楼天].{0,3}[扔掉砸]|烟头|屎片|砸.{0,3}(?:到|中|头)|drop(?:ping|ped)"
    ),
    "lost": (
        r"走失|走丢|不见了|认.{0,2}到路|confused|missing|未返|没回来|失踪|找不[着到见]"
        r"|老年痴呆|wander|lost (?:child|kid|boy|girl)|穿着?.{0,6}(?:衣|衫|裤|鞋)|last seen"
    ),
    "plaster": (
        r"石屎|批荡|外墙|瓷砖|脱落|掉[粉渣块皮砖]|鼓起|plaster|fa[çc]ade|\btiles?\b|檐篷|雨棚"
        r"|空调外机|冷气架|空鼓|砖.{0,3}掉|砸下来|摇摇欲坠|要掉"
    ),
    "sign": r"广告牌|招牌|signboard|牌子|billboard|灯箱|横幅|\bsign\b|铁皮",
    "slope": (
        r"挡土墙|滑坡|泥石流|石仔|retaining|landslide|塌方|边坡|山体|滚石|土坡|窑洞|堤|坝|垮"
        r"|塌"
    ),
    "crack": r"裂|缝|crack|倾斜|歪|危房|下沉|沉降|承重|砸墙|lean(?:ing|s)?\b|要倒|土墙|tilt",
    "flood": (
        r"水浸|进水|积水|脚[踝眼]|膝|涨|排水|抽水|泡|潜艇|flood|淹|内涝|灌|过路.{0,3}水|一片水"
        r"|puddle|汪洋|蹚水|涉水|ankle|knee"
    ),
    "road": (
        r"路面|塌陷|pavement|人行道|sidewalk|地砖|坑洼|土路|水泥路|泥路|挖路|挖开|铺路|修路"
        r"|\broad\b|地砖|石板|颠"
    ),
    "rail": r"护栏|栏杆|围栏|扶手|railing|handrail|fence|隔离|石墩",
    "signal": r"红绿灯|信号灯|行人灯|traffic light|路牌|斑马线|凸面镜|减速带|speed bump",
    "wages": (
        r"工资|工钱|欠薪|讨薪|一分[钱没]|月底|结[账清]|wages?|unpaid|salary|包工头|贴砖|贴瓷砖"
        r"|血汗|没开支|拿不到钱|没给钱|没发|打工|\bpaid\b|工头|摘果"
    ),
    "food": (
        r"拉肚|食物中毒|烧鸭|vomit|轮流抱马桶|上吐|变质|馊|food poison|吃坏|过期|发臭的肉|便当"
        r"|外卖|拉稀|夹生|头发丝|threw up|stomach|腹泻|闹肚子"
    ),
    "vendor": (
        r"摆摊|占道|小贩|卖.{0,6}的|vendors?|barber|stalls?|hawkers?|烧烤摊|[推餐]车|摊|地摊"
        r"|游商|走鬼|cart"
    ),
    "theft": (
        r"偷|撬|贼|抱了|长腿|stole|steal|thief|thieves|burglar|被盗|顺走|不翼而飞|没了.{0,4}锁"
        r"|丢了|gone|剪.{0,2}锁|小偷"
    ),
    "stranger": (
        r"陌生人|可疑|跟踪|尾随|stranger|suspicious|鬼鬼祟祟|转悠|踩点|following|撬门"
        r"|拧.{0,3}门|蹲守|door handle|不认识的"
    ),
    "violence": (
        r"别打|家暴|打老婆|打孩子|打.{0,2}小的|求.{0,3}打|hitting|beating|screaming|鼻子有血"
        r"|打小孩|打娃|又在打|动手|郁手|救命|哭喊|摔东西|扇.{0,2}耳光|巴掌|皮带"
    ),
    "quarrel": r"吵架|打起来|骂|纠纷|争|评理|quarrel|argu(?:e|ing)|fight|讲道理|地界|宅基地|地头",
    "bill": r"电费|水费|公摊|平摊|抄表|水表|meter|分摊|bill",
    "ramp": (
        r"坡道|斜[道台]|轮椅|wheelchair|\bramps?\b|stroller|婴儿车|盲道|花槽|无障碍|推车|拐杖"
        r"|walker|台阶|blind"
    ),
    "door": (
        r"门禁|单元门|防盗门|对讲|intercom|铁门|大门|闸门|门锁|door (?:lock|won)|刷卡|刷脸"
        r"|闭门器|玻璃门|关不上|打不开|buzzer|\bgate\b.{0,12}(?:broken|stuck|dead)|道闸|起落杆"
    ),
    "net": r"宽带|光纤|网络|断网|wi-?fi|broadband|internet|信号|基站|移动|联通|电信",
    "medicine": r"药|胰岛素|insulin|medicine|氧气|制氧|oxygen|奶粉|配药|透析|退烧",
    "wire": (
        r"电线|黑线|线断|条线|那根线|蓝[光火]|火[星花]|spark|\bwires?\b|cable|电缆|垂.{0,4}线"
        r"|漏电|网线|线.{0,4}(?:耷拉|掉|垂|断)|电杆|线杆|触电|麻"
    ),
    "clutter": (
        r"杂物|堆[满放着]|咸菜缸|旧门板|clutter|junk|占.{0,3}楼道|桌椅|旧家具|纸[箱皮壳]|沙发"
        r"|鞋柜|晾|被子|衣服|boxes|stuff|laundry|床垫|破烂"
    ),
    "exit": (
        r"消防[门通楼]|安全出口|安全通道|fire (?:exit|door|escape)|逃生|生命通道|救护车进"
        r"|fire lane"
    ),
    "hydrant": r"消防栓|消火栓|灭火|hydrant|extinguisher|喷淋|应急灯|烟感|灭火筒",
    "fee": (
        r"管理费|物业费|停车费|多收|\bfees?\b|乱收费|账目|公示|保安|物业.{0,6}(?:不|没|死)"
        r"|property management|tenancy"
    ),
    "trapped": r"困|被关|trapped|stuck (?:in|between)|出不[来去]|拍门|悬在|按铃|锁在|反锁",
    "fallen": (
        r"摔|跌|晕倒|昏|起不来|躺着|倒[在地]|胯骨|fainted|collapse|unconscious|倒在|抽搐|嘴歪"
        r"|说不清|喘|胸口|没气|心脏|stroke|seizure|chest pain|fell|passed out|流血|bleeding"
        r"|中暑|骨折|breathing"
    ),
    "elderly": (
        r"独居|孤寡|老人家?.{0,6}(?:没|不|三天|几天)|敲门.{0,3}(?:不|没)|没出[来门]|没下[来楼]"
        r"|lives? alone|nobody answers|牛奶|没见"
    ),
    "despair": (
        r"不想活|活着|遗书|跳[楼下河江]|轻生|自杀|再见|鞋子|栏杆外|suicid|goodbye|jump|天台"
        r"|钥匙放|割腕|安眠药|下辈子|对不起大家"
    ),
    "renting": (
        r"群租|隔成|小房|隔断|subdivid|partition|上下铺|胶囊|十几[个户]|bunk|日租|民宿|airbnb"
    ),
    "smell": r"臭|异味|stink|stench|smell|恶心|味[道儿]|stinks|酸味|腥",
    "fumes": (
        r"烟味|油烟|抽烟|吸烟|二手烟|fumes|串店|烧烤|排风|烟囱|smoker|smoking|cooking|油腻"
        r"|cigarette|食烟"
    ),
    "voting": r"业委会|选举|re-?elect|committee|维修基金|换届|投票|签名",
    "poison": r"毒饵|毒死|poison|毒药|鼠药|药死",
    "glass": r"玻璃|窗[户框扇]|glass|window",
    "bench": r"长椅|座椅|健身器材|滑梯|秋千|swing|\bslide\b|bench|跷跷板|单杠|seesaw|凳",
    "glare": r"霓虹|射灯|光污染|led|太亮|反光|glare|晃眼|too bright|刺眼",
    "scam": r"骗|保健|领鸡蛋|听课|床垫|scam|传销|讲座|推销|养生|鞋垫|磁疗|投资|fraud|客服|验证码",
    "gambling": r"赌|麻将|mahjong|gambl|牌局|棋牌",
    "river": (
        r"死鱼|鱼|蓝水|偷排|废水|discharge|河.{0,4}(?:臭|黑|脏)|排污|泡沫|foam"
        r"|漂.{0,3}(?:油|死)|河道|fish|排.{0,3}水.{0,3}[河沟]|农药"
    ),
    "illegal": (
        r"违建|违章|搭建|阳光房|搭.{0,3}棚|盖.{0,3}房|菜园|围起来|种菜|占.{0,3}绿地|加盖"
        r"|铁皮房|彩钢|illegal structure"
    ),
    "ads": r"小广告|贴.{0,4}广告|办证|喷漆|传单|flyer|sticker|牛皮癣|leaflet",
    "school": r"放学|上学|接[娃送孩]|学生|student|校车|辅导|school run|pupils?|路队",
    "errand": (
        r"代办|帮忙.{0,4}[取拿填办]|刷脸|认证|社保|养老金|医保|填表|挂号|低保|高龄|补贴|证明"
        r"|subsidy|pension|身份证|registration|residence permit|签证"
    ),
    "worker": r"表扬|感谢|锦旗|赞|kudos|praise|thank|建议|suggest",
    "washing": r"洗衣机|洗衣|laundry|washer|dryer|烘干",
    "shower": r"洗澡|澡堂|浴室|热水|shower|hot water|淋浴|热水器|boiler room|开水",
    "aircon": r"空调|冷气|air ?con|\bac\b|外机|风扇",
    "gap": r"网[坏断]|围墙|墙.{0,3}倒|wall",
    "field": (
        r"庄稼|果园|苗|地里|浇地|灌溉|机井|麦|玉米|大棚|苹果|orchard|crop|field|渠水|水渠|收割"
    ),
    "delivery": r"快递|包裹|外卖|parcel|package|deliver|取件|柜子",
    "bike": r"共享单车|单车|自行车|脚踏车|\bbikes?\b|bicycles?",
    "smoke": r"香烛|烧纸|纸钱|拜神|元宝|incense|joss",
    "mirror": r"监控|摄像头|cctv|camera",
    "gunk": r"呕吐|大便|小便|尿|屎|粪便|\bpoop?\b|urine|pee\b|卫生|打扫|保洁|cleaner|dirty|脏|油污",
}

# where on the grounds; a building is read elsewhere
SPOTS = {
    "north": r"北门|北边|北侧|北口|北头|north ?(?:gate|side|entrance|end)",
    "south": r"南门|南边|南侧|南口|南头|south ?(?:gate|side|entrance|end)",
    "east": r"东门|东边|东侧|东头|东口|east ?(?:gate|side|entrance|end)",
    "west": r"西门|西边|西侧|西头|西口|west ?(?:gate|side|entrance|end)",
    "back_gate": r"后门|back (?:gate|door|entrance)|rear gate",
    "front_gate": r"正门|大门口|前门|校门|main (?:gate|entrance)|front gate|school gate",
    "pavilion": r"亭子|凉亭|长亭|pavilion|gazebo",
    "bikeshed": r"车棚|bike ?shed|充电棚|bicycle shed|单车棚|bike (?:rack|parking)",
    "garage": (
        r"地库|车库|停车场|负[一二三]|basement|garage|car ?park|parking lot|地下|\bb[123]\b"
        r"|地牢"
    ),
    "refuse": (
        r"垃圾[房站点屋池]|refuse|bin (?:room|store|area)|garbage (?:room|station)|垃圾桶|绿桶"
        r"|\bbins\b|投放点|回收"
    ),
    "club": r"会所|clubhouse|活动[中室]|文化[站室]|棋牌室|community (?:cent|hall|room)|老年活动",
    "playground": r"滑梯|游乐|儿童|playground|沙池|沙坑|sandpit|秋千|slide|乐园",
    "hill": r"后山|山坡|\bhill|后坡|坡上|土坡|山脚|山上|塬|沟",
    "lobby": r"大堂|lobby|门厅|檐篷|canopy|一楼大厅|门廊",
    "square": r"广场|plaza|\bsquare\b|晒[谷场]|打[谷麦]场|文化大院|场院|threshing",
    "bridge": r"天桥|footbridge|\bbridge|小桥|桥[头下洞边上]|石桥|木桥|overpass",
    "tunnel": r"隧道|地道|涵洞|下穿|underpass|tunnel|地铁|metro|subway",
    "parcel": r"驿站|快递[柜点站]|parcel|菜鸟|丰巢|locker|取件",
    "kindergarten": r"幼儿园|kindergarten|nursery|幼稚园",
    "school": r"小学|[一二三四]小|中学|\bschool|校门|学校|教学楼|classroom|教室",
    "library": r"图书馆|library|自习室|study room|阅览",
    "boiler": r"锅炉房|boiler|换热站|泵房|pump (?:room|house)|配电|变电|transformer|电房",
    "visitor": r"访客|visitor",
    "dogpark": r"狗公园|dog park",
    "garden": (
        r"花园|花坛|草[坪地]|绿化[带]?|\bgarden|\blawn|flower ?bed|grass|小公园|街心|\bpark\b"
        r"|公园"
    ),
    "pool": r"泳池|\bpool\b|池塘|水池|ponds?|喷泉|荷花|鱼塘|水塘|涝池|湖|\blake|fountain",
    "court": r"网球|篮球|球场|\bcourts?\b|羽毛球|乒乓|足球|操场|跑道|track|pitch|stadium|体育",
    "market": r"菜场|菜市|市场|\bmarket|集市|赶集|bazaar|夜市",
    "shop": (
        r"小卖部|便利店|超市|商店|supermarket|convenience|\bshop|小店|铺|杂货|底商|\bstore\b"
        r"|7-?11|药店|pharmacy"
    ),
    "river": (
        r"河[边堤道岸滩]|涌边|江边|\briver|canal|水渠|沟边|渠[边上]|水沟|ditch|大坝|堤|水库"
        r"|reservoir|滩"
    ),
    "bus": r"公交|巴士|车站|\bbus\b|站台|招呼站|小巴",
    "gym": r"健身|\bgym\b|fitness",
    "guard": r"岗亭|保安亭|门卫|传达室|guard|值班室|门岗|security (?:booth|post)",
    "roof": r"天台|楼顶|屋顶|rooftop|\broof\b|顶层|顶楼|最上面|露台",
    "hall": r"楼道|楼梯|走[廊道]|过道|stair|corridor|hallway|门洞|架空层|单元门口|后梯",
    "kitchen": r"厨房|kitchen|灶",
    "bath": r"浴室|厕所|卫生间|洗手间|bathroom|toilet|restroom|公厕|茅房|washroom|澡堂",
    "balcony": r"阳台|balcony|晒台|窗台",
    "canteen": r"食堂|canteen|cafeteria|饭堂|mess hall",
    "eatery": (
        r"餐厅|restaurant|快餐|饭[店馆]|茶餐厅|面馆|烧烤|串店|奶茶|咖啡|cafe|coffee|火锅"
        r"|noodle|\bbar\b|酒吧|早餐|包子|小吃|大排档"
    ),
    "dorm": r"宿舍|dorm|hostel|寝室|公寓",
    "site": r"工地|construction site|施工|拆迁|开挖|挖.{0,3}沟|building site|项目部",
    "phase": r"[一二三四]期|phase",
    "factory": r"厂|factory|车间|workshop|仓库|warehouse|作坊",
    "hospital": r"卫生[站室院]|诊所|clinic|医院|hospital|医务室",
    "temple": r"祠堂|庙|temple|戏[台楼]|教堂|church|土地公|ancestral",
    "village": r"村口|村头|村[东西南北]|village (?:entrance|head)|牌坊|老槐树|大队",
    "office": r"居委|物业办|服务中心|management office|村委|管理处|大队部|office|党群",
    "laundry": r"洗衣|laundry",
    "crossing": (
        r"路口|斑马线|crossing|十字|红绿灯|traffic light|丁字|岔路|交叉|三岔|intersection"
        r"|\bcorner\b|拐[角弯]"
    ),
    "alley": r"后巷|小巷|巷[子口内]|alley|胡同|弄堂|里弄|横巷|\blane\b",
    "field": r"地头|田|果园|大棚|菜地|orchard|greenhouse|机井|field",
    "well": r"水井|井边|老井|\bwell\b",
    "tank": r"水箱|水塔|蓄水|水窖|tank|化粪池",
    "gate_side": r"道闸|闸口|入口|出口|exit|entrance",
    "tree": r"树[下底旁]|那棵|大树|under the .{0,8}tree|榕树",
    "wall": r"围墙|墙根|墙角|wall|院墙",
    "street": r"street|avenue|\bave\b|road\b|街[口上边]",
}

# which of several: two that differ here are two
SIDES = {
    "left": r"左|\bleft\b",
    "right": r"右|\bright[- ](?:hand|side|one|lift|elevator)",
    "odd": r"单[层数号]|奇数|\bodd\b",
    "even": r"双[层数号]|偶数|\beven[- ]number",
    "freight": r"货[梯𨋢]|货的?电梯|freight|cargo|service (?:lift|elevator)|goods lift",
    "inner": r"靠里|里面那|里头那",
    "outer": r"靠外|外面那|外头那",
    "men": r"男厕|男[卫浴澡]|men's",
    "women": r"女厕|女[卫浴澡]|women's|ladies",
    "front": r"前[楼门院]|front (?:gate|door)",
    "back": r"后[楼门院]|back (?:gate|door)",
}
OTHERS = tuple(
    frozenset(pair.split())
    for pair in (
        "left right",
        "odd even",
        "north south",
        "east west",
        "men women",
        "inner outer",
        "front back",
    )
)


LOOKED_AT = 600  # characters of a text; who writes more has said it by then
_WORD_START = re.compile(r"(?<![a-z])[a-z]{2}")
_LEADING = re.compile(r"(?:\\b|\(\?<![^)]*\))*")
_LATIN = re.compile(r"[a-z]{2}(?![?*{])")


class _Table:
    """Patterns by name, of which only those are tried that can begin somewhere in the text."""

    def __init__(self, table: dict[str, str]) -> None:
        self._by_start: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
        self._always: list[tuple[str, re.Pattern[str]]] = []
        for name, pattern in table.items():
            for part in _parts(pattern):
                entry = (name, re.compile(part))
                starts = _starts(part)
                for start in starts:
                    self._by_start.setdefault(start, []).append(entry)
                if not starts:
                    self._always.append(entry)

    def names(self, starts: frozenset[str], text: str) -> frozenset[str]:
        """The names whose pattern is found. `starts`: of the text, by `starts_of`."""
        found: set[str] = set()
        tried = [self._by_start[start] for start in starts & self._by_start.keys()]
        for entries in (self._always, *tried):
            for name, pattern in entries:
                if name not in found and pattern.search(text):
                    found.add(name)
        return frozenset(found)


def _parts(pattern: str) -> Iterator[str]:
    """The alternatives of a pattern, outermost only."""
    depth = begin = 0
    for at, letter in enumerate(pattern):
        depth += letter in "([" and pattern[at - 1 : at] != "\\"
        depth -= letter in ")]" and pattern[at - 1 : at] != "\\"
        if letter == "|" and not depth:
            yield pattern[begin:at]
            begin = at + 1
    yield pattern[begin:]


def _starts(part: str) -> frozenset[str]:
    """What a match must begin with, any of them; empty if that can't be told."""
    leading = _LEADING.match(part)
    rest = part[leading.end() if leading else 0 :]
    latin = _LATIN.match(rest)
    if latin:
        return frozenset({latin.group()})
    if rest.startswith("["):
        within, _, after = rest[1:].partition("]")
        plain = all(ord(each) > 0x7F for each in within) and "-" not in within
        return (
            frozenset(within) if plain and not after.startswith(("?", "*", "{0")) else frozenset()
        )
    if rest and ord(rest[0]) > 0x7F and rest[1:2] not in ("?", "*"):
        return frozenset({rest[0]})
    return frozenset()


def starts_of(text: str) -> frozenset[str]:
    """Where a pattern may begin: the letters, and the first two of each English word."""
    return frozenset(text).union(_WORD_START.findall(text))


_THINGS, _SPOTS, _SIDES = _Table(THINGS), _Table(SPOTS), _Table(SIDES)


def named_in(folded: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The things, spots and sides that a folded text names."""
    text = folded[:LOOKED_AT]
    starts = starts_of(text)
    things, spots = _THINGS.names(starts, text), _SPOTS.names(starts, text)
    return things, spots, _SIDES.names(starts, text)
