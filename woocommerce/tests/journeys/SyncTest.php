<?php
/**
 * The sync as a shop lives with it: 500 products, again, with ELMED killed in the middle, with PHP killed in the middle,
 * in a storm of 429s, and three processes at one new product.
 */

namespace Elmed\WooCommerce\Tests;

final class SyncTest extends JourneyCase {

	private const COUNT = 500;

	public function test_the_first_sync_of_500_products_brings_each_once(): void {
		Elmed::say( 'products_many', array( 'count' => self::COUNT, 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
		$calls = Elmed::calls(
			function () {
				$found = SyncRun::whole();
				fwrite( STDERR, sprintf( "\nfirst sync of %d: %.1f s, %.0f MB\n", self::COUNT, $found['seconds'], $found['memory'] ) );
				$this->assertSame( array( 'done', self::COUNT, 0 ), array( $found['state'], $found['counts']['created'], $found['counts']['problem'] ) );
			}
		);

		$this->assertSame( self::COUNT, self::products() );
		$this->assertSame( self::COUNT, self::distinct() );
		$this->assertLessThanOrEqual( 12, count( $calls ) );
		$medicine = self::inShop( 'MANY-00003' );
		$this->assertSame( array( '8.40', 'Article 3', 3 ), array( $medicine->get_regular_price(), $medicine->get_name(), $medicine->get_stock_quantity() ) );
		$this->assertSame( 'yes', $medicine->get_meta( '_elmed_requires_prescription' ) );
		$this->assertFalse( self::inShop( 'MANY-00004' )->managing_stock(), 'no stock on record is not a stock of nothing' );
		$this->assertTrue( self::inShop( 'MANY-00004' )->is_in_stock() );
	}

	/** @depends test_the_first_sync_of_500_products_brings_each_once */
	public function test_the_second_writes_nothing(): void {
		$before = self::written();
		$found  = SyncRun::whole();
		fwrite( STDERR, sprintf( "\nsecond sync of %d: %.1f s\n", self::COUNT, $found['seconds'] ) );

		$this->assertSame( array( 'done', self::COUNT ), array( $found['state'], $found['counts']['unchanged'] ) );
		$this->assertSame( $before, self::written() );
	}

	/** @depends test_the_second_writes_nothing */
	public function test_a_sync_of_changes_asks_for_changes_alone(): void {
		Elmed::say( 'product', array( 'sku' => 'CHANGED', 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
		sleep( 3 ); // ELMED lists nothing younger than two seconds
		$calls = Elmed::calls(
			function () {
				$found = SyncRun::whole( false );
				$this->assertSame( array( 'done', 1 ), array( $found['state'], $found['counts']['created'] ) );
			}
		);

		$listed = array_values( array_filter( array_column( $calls, 'path' ), static fn ( $path ) => (bool) preg_match( '~/products\?.*limit=50~', $path ) ) );
		$this->assertCount( 1, $listed, implode( "\n", $listed ) );
		$this->assertStringContainsString( 'updated_since=', $listed[0] );
	}

	public function test_elmed_killed_in_the_middle_is_waited_for_and_nothing_comes_twice(): void {
		self::begin();
		Elmed::say( 'products_many', array( 'count' => 200, 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
		$sync = SyncRun::start();
		self::until( static fn () => self::products() >= 60 );
		Elmed::say( 'stop' );
		self::until( static fn () => 'unreachable' === self::state()['error'] );
		$sync->kill();
		$before = self::products();
		Elmed::say( 'start' );
		self::waitNoMore();
		$found = SyncRun::further();

		$this->assertLessThan( 200, $before );
		$this->assertSame( array( 'done', 200, 200 ), array( $found['state'], self::products(), self::distinct() ) );
	}

	public function test_php_killed_again_and_again_loses_and_doubles_nothing(): void {
		self::begin();
		Elmed::say( 'products_many', array( 'count' => 100, 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
		SyncRun::start()->kill();
		for ( $kill = 1; $kill <= 6; $kill++ ) {
			$sync = SyncRun::start();
			$goal = $kill * 12;
			self::until( static fn () => self::products() >= $goal );
			$sync->kill();
		}
		$found = SyncRun::further();

		$this->assertSame( 'done', $found['state'] );
		$this->assertSame( array( 100, 100 ), array( self::products(), self::distinct() ) );
	}

	public function test_three_processes_at_one_new_sku_make_one_product(): void {
		self::begin();
		for ( $round = 0; $round < 3; $round++ ) {
			$item = array( 'id' => 900 + $round, 'sku' => "RACE-$round", 'name' => 'Race', 'price' => '1.00', 'currency' => 'GBP', 'stock' => '5', 'requires_prescription' => false, 'is_controlled' => false, 'image_url' => null, 'active' => true, 'description' => '' );
			$said = Process::together( 3, '$item = \Elmed\WooCommerce\Sync\Item::from( json_decode( ' . var_export( wp_json_encode( $item ), true ) . ', true ) ); echo ( new \Elmed\WooCommerce\Sync\Upsert() )->run( $item );' );

			sort( $said );
			$this->assertSame( array( 'created', 'updated', 'updated' ), $said );
			$this->assertSame( $round + 1, self::products() );
		}
	}

	public function test_a_storm_of_429s_is_waited_out_as_long_as_elmed_says(): void {
		self::begin();
		Elmed::say( 'products_many', array( 'count' => 120, 'pharmacy' => self::$pharmacy['pharmacy_id'] ) );
		Elmed::say( 'limit', array( 'key_id' => self::$pharmacy['key_id'], 'per_minute' => 2 ) );
		$calls = Elmed::calls(
			static function () {
				Process::run( '$run = new \Elmed\WooCommerce\Sync\Run(); $run->start( "cli" ); for ( $i = 0; $i < 12; $i++ ) { $run->step(); usleep( 100000 ); }' );
			}
		);
		$refused = array_count_values( array_column( $calls, 'status' ) )[429] ?? 0;
		$state   = self::state();

		$this->assertSame( 1, $refused, 'after the first 429 nothing is sent until its time has come' );
		$this->assertSame( array( 'running', 'waiting' ), array( $state['state'], $state['error'] ) );
		$this->assertGreaterThan( time(), $state['next_at'] );
		$this->assertLessThanOrEqual( time() + 61, $state['next_at'] );

		Elmed::say( 'limit', array( 'key_id' => self::$pharmacy['key_id'], 'per_minute' => 1000 ) );
		self::waitNoMore();
		$found = SyncRun::further();
		$this->assertSame( array( 'done', 120, 120 ), array( $found['state'], self::products(), self::distinct() ) );
	}

	/** Products in the shop, whatever their status. */
	private static function products(): int {
		global $wpdb;
		return (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->posts} WHERE post_type = 'product'" );
	}

	/** Different SKUs in the shop. */
	private static function distinct(): int {
		global $wpdb;
		return (int) $wpdb->get_var( "SELECT COUNT(DISTINCT m.meta_value) FROM {$wpdb->postmeta} m JOIN {$wpdb->posts} p ON p.ID = m.post_id WHERE p.post_type = 'product' AND m.meta_key = '_sku'" );
	}

	/** Changes with anything that is written about products. */
	private static function written(): array {
		global $wpdb;
		$tables = array( 'posts', 'postmeta', 'wc_product_meta_lookup', 'term_relationships', 'terms' );
		return array_map( static fn ( $table ) => $wpdb->get_row( "CHECKSUM TABLE {$wpdb->prefix}$table", ARRAY_N )[1], $tables );
	}

	private static function state(): array {
		wp_cache_flush();
		return (array) get_option( 'elmed_sync_run' );
	}

	/** As if the time had passed that a step was told to wait. */
	private static function waitNoMore(): void {
		$state            = self::state();
		$state['next_at'] = 0;
		update_option( 'elmed_sync_run', $state, false );
		delete_option( 'elmed_budget' );
	}
}
