<?php
/**
 * The plugin switched off, deleted and back again, as wp-admin does it: jobs and key go, products and orders stay.
 */

namespace Elmed\WooCommerce\Tests;

final class LifecycleTest extends JourneyCase {

	private const FILE  = 'elmed-for-woocommerce/elmed-for-woocommerce.php';
	private const ADMIN = 'require_once ABSPATH . "wp-admin/includes/plugin.php"; wp_set_current_user( 1 );';

	protected static function begin(): void {
		parent::begin();
		self::product( 'AMX', array( 'medicine' => true ) );
		self::sync();
	}

	public static function tearDownAfterClass(): void {
		Process::run( self::ADMIN . ' activate_plugin( "' . self::FILE . '" );' );
		parent::tearDownAfterClass();
	}

	public function test_switched_off_it_leaves_no_job_and_keeps_key_products_and_orders(): void {
		$bought = self::buy( 'blocks', self::inShop( 'AMX' ), self::prescription() );
		$this->assertTrue( $bought['placed'], $bought['words'] );
		$this->assertGreaterThan( 0, self::waitingJobs() );
		Process::run( self::ADMIN . ' deactivate_plugins( "' . self::FILE . '" );' );

		$this->assertSame( 0, self::waitingJobs() );
		wp_cache_flush();
		$this->assertSame( self::$pharmacy['key'], get_option( 'elmed_api_key' ) );
		$this->assertSame( 'yes', self::inShop( 'AMX' )->get_meta( '_elmed_requires_prescription' ) );
		$this->assertSame( 'processing', self::order( $bought['order']->get_id() )->get_status() );
		$this->assertSame( 200, ( new Shopper() )->get( '/shop/' )['status'] );
		$this->assertSame( 'draft', self::inShop( 'AMX' )->get_status() );
		$shopper = ( new Shopper() )->addClassic( self::inShop( 'AMX' )->get_id() );
		$this->assertSame( array(), $shopper->store( 'GET', '/cart' )['data']['items'], 'nobody checks a prescription now' );
		$added = ( new Shopper() )->store( 'POST', '/cart/add-item', array( 'id' => self::inShop( 'AMX' )->get_id(), 'quantity' => 1 ) );
		$this->assertGreaterThanOrEqual( 400, $added['status'] );
	}

	/** @depends test_switched_off_it_leaves_no_job_and_keeps_key_products_and_orders */
	public function test_deleted_it_leaves_neither_key_nor_job_and_the_products_stay(): void {
		Process::run( self::ADMIN . ' uninstall_plugin( "' . self::FILE . '" );' );
		wp_cache_flush();

		$this->assertFalse( get_option( 'elmed_api_key' ) );
		$this->assertSame( 0, self::everyJob() );
		$this->assertSame( array( 'yes', 'draft' ), array( self::inShop( 'AMX' )->get_meta( '_elmed_requires_prescription' ), self::inShop( 'AMX' )->get_status() ) );
		$this->assertSame( '', Site::debugLog() );
	}

	/** @depends test_deleted_it_leaves_neither_key_nor_job_and_the_products_stay */
	public function test_back_again_with_a_key_it_knows_its_products(): void {
		Process::run( self::ADMIN . ' activate_plugin( "' . self::FILE . '" );' );
		update_option( 'elmed_api_key', self::$pharmacy['key'], false );
		$found = SyncRun::whole();

		$this->assertSame( array( 'done', 0 ), array( $found['state'], $found['counts']['created'] ) );
		wp_cache_flush();
		$this->assertSame( 'publish', self::inShop( 'AMX' )->get_status() );
		$this->assertSame( '', Site::debugLog() );
	}

	private static function waitingJobs(): int {
		global $wpdb;
		return (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}actionscheduler_actions WHERE status = 'pending' AND hook LIKE 'elmed%'" );
	}

	private static function everyJob(): int {
		global $wpdb;
		return (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}actionscheduler_actions WHERE hook LIKE 'elmed%'" );
	}
}
